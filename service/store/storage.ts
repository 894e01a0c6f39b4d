import type { Database } from "./database.ts";

/** How much of everything the store knows of. */
export interface StoredAmounts {
  /** Bodies of context files that are here, in rows and in files. */
  blobBytes: number;
  logBytes: number;
  builds: number;
  auditEvents: number;
}

export function storedAmounts(db: Database): StoredAmounts {
  return db.get<StoredAmounts>(
    `SELECT (SELECT coalesce(sum(size_bytes), 0) FROM blobs WHERE stored_at IS NOT NULL) AS blobBytes,
       (SELECT coalesce(sum(log_bytes), 0) FROM builds) AS logBytes,
       (SELECT count(*) FROM builds) AS builds,
       (SELECT count(*) FROM audit_events) AS auditEvents`,
  ) as StoredAmounts;
}

/** Bytes of all bodies of context files that are here. */
export function storedBlobBytes(db: Database): number {
  return storedAmounts(db).blobBytes;
}

/** Bytes of the logs of ended builds that are kept whole. */
export function wholeLogBytes(db: Database): number {
  const { bytes } = db.get<{ bytes: number }>(
    "SELECT coalesce(sum(log_bytes), 0) AS bytes FROM builds WHERE finished_at IS NOT NULL AND log_trimmed_at IS NULL",
  ) as { bytes: number };
  return bytes;
}

/** The builds that were accepted first, of those that have ended and whose logs are kept whole. */
export function oldestWholeLogs(db: Database, limit: number): { buildId: string; logBytes: number }[] {
  return db.all(
    `SELECT build_id AS buildId, log_bytes AS logBytes FROM builds
     WHERE finished_at IS NOT NULL AND log_trimmed_at IS NULL ORDER BY seq LIMIT ?`,
    [limit],
  );
}

/**
 * Takes away the log of a build that has ended, but for its last entry.
 *
 * @param note JSON text of an entry that says so, from its offset on
 */
export function trimLog(db: Database, buildId: string, note: (offset: number) => string, at: string): void {
  db.transaction(() => {
    const { nextOffset } = db.get<{ nextOffset: number }>(
      "SELECT next_offset AS nextOffset FROM builds WHERE build_id = ?",
      [buildId],
    ) as { nextOffset: number };
    const noteAt = nextOffset - 2;
    if (noteAt >= 0) {
      db.run("DELETE FROM log_entries WHERE build_id = ? AND offset <= ?", [buildId, noteAt]);
      db.run("INSERT INTO log_entries (build_id, offset, entry) VALUES (?, ?, ?)", [buildId, noteAt, note(noteAt)]);
    }
    db.run(
      `UPDATE builds SET log_trimmed_at = $at,
         log_bytes = (SELECT coalesce(sum(length(entry)), 0) FROM log_entries WHERE build_id = $build)
       WHERE build_id = $build`,
      { $at: at, $build: buildId },
    );
  });
}

/** Contexts all of whose builds ended before `before`, those first whose last build was accepted first. */
export function oldestContexts(db: Database, before: string, limit: number): string[] {
  return db
    .all<{ contextKey: string }>(
      `SELECT context_key AS contextKey FROM contexts c
       WHERE NOT EXISTS (SELECT 1 FROM builds b WHERE b.context_key = c.context_key AND (b.finished_at IS NULL OR b.finished_at >= $before))
       ORDER BY (SELECT max(seq) FROM builds b WHERE b.context_key = c.context_key) LIMIT $limit`,
      { $before: before, $limit: limit },
    )
    .map(({ contextKey }) => contextKey);
}

export function forgetContext(db: Database, contextKey: string): void {
  db.transaction(() => {
    db.run("DELETE FROM context_blobs WHERE context_key = ?", [contextKey]);
    db.run("DELETE FROM contexts WHERE context_key = ?", [contextKey]);
  });
}

/** The builds that were accepted first, of those that ended before `before` and that nobody can have a use for: no tag, image, machine or pool. */
export function oldestUselessBuilds(db: Database, before: string, limit: number): string[] {
  return db
    .all<{ buildId: string }>(
      `SELECT build_id AS buildId FROM builds b
       WHERE finished_at IS NOT NULL AND finished_at < $before
         AND NOT EXISTS (SELECT 1 FROM tags WHERE tags.build_id = b.build_id)
         AND NOT EXISTS (SELECT 1 FROM artifacts a
                         WHERE a.build_id = b.build_id AND (a.state = 'available' OR a.image_removed_at IS NULL))
         AND NOT EXISTS (SELECT 1 FROM guests WHERE guests.template_id = b.template_id)
         AND NOT EXISTS (SELECT 1 FROM warm_pools w WHERE w.template_id = b.template_id AND w.state <> 'deleted')
       ORDER BY seq LIMIT $limit`,
      { $before: before, $limit: limit },
    )
    .map(({ buildId }) => buildId);
}

/** Forgets a build that has ended, with its log. */
export function forgetBuild(db: Database, buildId: string): void {
  db.transaction(() => {
    db.run("DELETE FROM log_entries WHERE build_id = ?", [buildId]);
    db.run("DELETE FROM artifacts WHERE build_id = ?", [buildId]);
    const held = db.all<{ contextKey: string; next: string | null }>(
      `SELECT context_key AS contextKey,
         (SELECT build_id FROM builds b WHERE b.context_key = c.context_key AND b.build_id <> $build
          ORDER BY seq LIMIT 1) AS next
       FROM contexts c WHERE first_build_id = $build`,
      { $build: buildId },
    );
    for (const { contextKey, next } of held) {
      if (next === null) forgetContext(db, contextKey);
      else db.run("UPDATE contexts SET first_build_id = ? WHERE context_key = ?", [next, contextKey]);
    }
    db.run("DELETE FROM builds WHERE build_id = ?", [buildId]);
  });
}

/** Forgets all but the newest records of changes. */
export function trimAuditEvents(db: Database, keep: number): void {
  db.run("DELETE FROM audit_events WHERE event_id <= (SELECT max(event_id) FROM audit_events) - ?", [keep]);
}

/** Forgets pools and templates that were deleted before `before` and have nothing left. @param beforeMs the same moment */
export function forgetDeleted(db: Database, before: string): void {
  db.transaction(() => {
    db.run(
      `DELETE FROM warm_pools WHERE state = 'deleted' AND deleted_at_ms < ?
         AND NOT EXISTS (SELECT 1 FROM guests WHERE guests.pool_id = warm_pools.pool_id)`,
      [Date.parse(before)],
    );
    db.run(
      `DELETE FROM templates WHERE deleted_at < ?
         AND NOT EXISTS (SELECT 1 FROM builds WHERE builds.template_key = templates.template_key)
         AND NOT EXISTS (SELECT 1 FROM aliases WHERE aliases.template_key = templates.template_key)
         AND NOT EXISTS (SELECT 1 FROM tags WHERE tags.template_key = templates.template_key)`,
      [before],
    );
  });
}
