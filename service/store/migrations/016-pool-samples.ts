import type { Migration } from "./migration.ts";

/** What the page tells of pools over time, and of who did what. */
export const poolSamples: Migration = {
  number: 16,
  name: "counts of pools over time, and records of changes by their subject, kind and key",
  sql: `
-- Members of a pool at a moment: written when they are others than a minute ago, and from time to time though they are not.
CREATE TABLE pool_samples (
  at_ms    INTEGER NOT NULL,
  -- The pool's seq.
  pool_seq INTEGER NOT NULL,
  floor    INTEGER NOT NULL,
  ready    INTEGER NOT NULL,
  warming  INTEGER NOT NULL,
  claimed  INTEGER NOT NULL,
  PRIMARY KEY (at_ms, pool_seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX pool_samples_by_pool ON pool_samples (pool_seq, at_ms, floor, ready, warming, claimed);

CREATE INDEX audit_events_by_subject ON audit_events (subject, event_id);
CREATE INDEX audit_events_by_kind ON audit_events (action, event_id);
CREATE INDEX audit_events_by_actor_and_kind ON audit_events (actor, action, event_id);
`,
};
