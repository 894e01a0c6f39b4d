import type { Migration } from "./migration.ts";

/** Every table whose rows have an order numbers them itself: a clock can be set back, and ids begin with its time. */
export const order: Migration = {
  number: 13,
  name: "what came first is told by the store, not by the clock",
  sql: `
-- Until now SQLite has counted by itself: each row got a rowid above all that were there.
ALTER TABLE builds ADD COLUMN seq INTEGER;
UPDATE builds SET seq = rowid;
CREATE UNIQUE INDEX builds_by_seq ON builds (seq);
CREATE TRIGGER builds_are_numbered AFTER INSERT ON builds BEGIN
  UPDATE builds SET seq = (SELECT coalesce(max(seq), 0) + 1 FROM builds) WHERE build_id = NEW.build_id;
END;

ALTER TABLE artifacts ADD COLUMN seq INTEGER;
UPDATE artifacts SET seq = rowid;
CREATE UNIQUE INDEX artifacts_by_seq ON artifacts (seq);
CREATE TRIGGER artifacts_are_numbered AFTER INSERT ON artifacts BEGIN
  UPDATE artifacts SET seq = (SELECT coalesce(max(seq), 0) + 1 FROM artifacts),
    idle_seq = (SELECT coalesce(max(idle_seq), 0) + 1 FROM artifacts)
  WHERE template_id = NEW.template_id;
END;

ALTER TABLE machines ADD COLUMN seq INTEGER;
UPDATE machines SET seq = rowid;
CREATE UNIQUE INDEX machines_by_seq ON machines (seq);
CREATE TRIGGER machines_are_numbered AFTER INSERT ON machines BEGIN
  UPDATE machines SET seq = (SELECT coalesce(max(seq), 0) + 1 FROM machines) WHERE machine_id = NEW.machine_id;
END;

ALTER TABLE guests ADD COLUMN seq INTEGER;
UPDATE guests SET seq = rowid;
CREATE UNIQUE INDEX guests_by_seq ON guests (seq);
CREATE TRIGGER guests_are_numbered AFTER INSERT ON guests BEGIN
  UPDATE guests SET seq = (SELECT coalesce(max(seq), 0) + 1 FROM guests) WHERE guest_id = NEW.guest_id;
END;

ALTER TABLE warm_pools ADD COLUMN seq INTEGER;
UPDATE warm_pools SET seq = rowid;
CREATE UNIQUE INDEX warm_pools_by_seq ON warm_pools (seq);
CREATE TRIGGER warm_pools_are_numbered AFTER INSERT ON warm_pools BEGIN
  UPDATE warm_pools SET seq = (SELECT coalesce(max(seq), 0) + 1 FROM warm_pools) WHERE pool_id = NEW.pool_id;
END;

ALTER TABLE api_keys ADD COLUMN seq INTEGER;
UPDATE api_keys SET seq = rowid;
CREATE UNIQUE INDEX api_keys_by_seq ON api_keys (seq);
CREATE TRIGGER api_keys_are_numbered AFTER INSERT ON api_keys BEGIN
  UPDATE api_keys SET seq = (SELECT coalesce(max(seq), 0) + 1 FROM api_keys) WHERE key_id = NEW.key_id;
END;

-- The order in which artifacts were made, last used or unpinned, whichever came last.
ALTER TABLE artifacts ADD COLUMN idle_seq INTEGER;
UPDATE artifacts SET idle_seq = place FROM (
    SELECT template_id AS id, row_number() OVER (
      ORDER BY max(created_at, coalesce(unpinned_at, ''), coalesce(last_used_at, '')), seq) AS place
    FROM artifacts)
  WHERE template_id = id;
CREATE UNIQUE INDEX artifacts_by_idle_seq ON artifacts (idle_seq);
CREATE TRIGGER artifacts_in_use_are_numbered AFTER UPDATE OF unpinned_at, last_used_at ON artifacts BEGIN
  UPDATE artifacts SET idle_seq = (SELECT coalesce(max(idle_seq), 0) + 1 FROM artifacts) WHERE template_id = NEW.template_id;
END;

DROP INDEX artifacts_available;
CREATE INDEX artifacts_available ON artifacts (of_template, seq DESC)
  WHERE state = 'available' AND image_missing_since IS NULL;
DROP INDEX builds_by_template;
CREATE INDEX builds_by_template ON builds (template_key, seq DESC, status, build_backend, source_type);
DROP INDEX builds_by_template_and_status;
CREATE INDEX builds_by_template_and_status ON builds (template_key, status, seq DESC);
DROP INDEX builds_with_whole_logs;
CREATE INDEX builds_with_whole_logs ON builds (seq, log_bytes) WHERE finished_at IS NOT NULL AND log_trimmed_at IS NULL;
DROP INDEX builds_ended;
CREATE INDEX builds_ended ON builds (seq, finished_at) WHERE finished_at IS NOT NULL;
DROP INDEX machines_by_status;
CREATE INDEX machines_by_status ON machines (status, seq);
DROP INDEX warm_pools_by_state;
CREATE INDEX warm_pools_by_state ON warm_pools (state, seq);
`,
};
