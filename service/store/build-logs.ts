import { columns } from "./columns.ts";
import type { Database } from "./database.ts";

/** An entry of a build's log as it is stored and sent: its position and its JSON text. */
export interface StoredEntry {
  offset: number;
  entry: string;
}

/** How far a build's log has come. */
export interface LogPosition {
  templateId: string;
  /** Offset of the next entry. */
  nextOffset: number;
  logBytes: number;
}

const POSITION = columns<LogPosition>({ templateId: true, nextOffset: true, logBytes: true });

export function logPosition(db: Database, buildId: string): LogPosition | undefined {
  return db.get<LogPosition>(`SELECT ${POSITION.select()} FROM builds WHERE build_id = ?`, [buildId]);
}

/** Writes an entry at the end of a build's log, and moves the end. Call it in a transaction. */
export function appendLogEntry(db: Database, buildId: string, { offset, entry }: StoredEntry, at: string): void {
  db.run("INSERT INTO log_entries (build_id, offset, entry) VALUES (?, ?, ?)", [buildId, offset, entry]);
  db.run(
    "UPDATE builds SET next_offset = $next, log_bytes = log_bytes + $bytes, updated_at = $at WHERE build_id = $build",
    { $next: offset + 1, $bytes: entry.length, $at: at, $build: buildId },
  );
}

/** Entries from `offset` on, at most `limit` of them. */
export function logEntries(db: Database, buildId: string, offset: number, limit: number): StoredEntry[] {
  return db.all<StoredEntry>(
    "SELECT offset, entry FROM log_entries WHERE build_id = ? AND offset >= ? ORDER BY offset LIMIT ?",
    [buildId, offset, limit],
  );
}

/** Of a step of a build, what its log says of it from one offset to another. */
export interface StepSlice {
  /** Step, from 1. */
  step: number;
  /** What the first entry of these says: at its start, what the step is. */
  title: string;
  from: string;
  to: string;
  lines: number;
  hits: number;
  built: number;
  totalSteps: number | null;
}

/** What the entries from `from` up to `to` say of steps. */
export function stepsInLog(db: Database, buildId: string, from: number, to: number): StepSlice[] {
  return db.all<StepSlice>(
    `WITH slices AS (
       SELECT entry ->> '$.step_index' AS step, min(offset) AS first, max(offset) AS last, count(*) AS lines,
         sum(entry ->> '$.kind' = 'cache' AND entry ->> '$.cache_status' = 'hit') AS hits,
         sum(entry ->> '$.kind' = 'cache' AND entry ->> '$.cache_status' <> 'hit') AS built,
         max(entry ->> '$.total_steps') AS totalSteps
       FROM log_entries
       WHERE build_id = $build AND offset >= $from AND offset < $to AND entry ->> '$.step_index' IS NOT NULL
       GROUP BY step)
     SELECT s.step, s.lines, s.hits, s.built, s.totalSteps, f.entry ->> '$.timestamp' AS "from", l.entry ->> '$.timestamp' AS "to",
       coalesce(f.entry ->> '$.cache_subject', f.entry ->> '$.message') AS title
     FROM slices s JOIN log_entries f ON f.build_id = $build AND f.offset = s.first
       JOIN log_entries l ON l.build_id = $build AND l.offset = s.last`,
    { $build: buildId, $from: from, $to: to },
  );
}

/** Entries from `from` up to `to` whose message has a text in it, in whatever case of its ASCII letters. */
export function entriesWith(
  db: Database,
  buildId: string,
  { text, from, to, limit }: { text: string; from: number; to: number; limit: number },
): StoredEntry[] {
  return db.all<StoredEntry>(
    `SELECT offset, entry FROM log_entries
     WHERE build_id = ? AND offset >= ? AND offset < ? AND instr(lower(entry ->> '$.message'), lower(?)) > 0
     ORDER BY offset LIMIT ?`,
    [buildId, from, to, text, limit],
  );
}
