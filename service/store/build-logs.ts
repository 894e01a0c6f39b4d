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
