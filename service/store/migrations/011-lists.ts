import type { Migration } from "./migration.ts";

export const lists: Migration = {
  number: 11,
  name: "lists cost what they return, and artifacts know when they were last used",
  sql: `
-- The build's, so that what a template has can be found without a look at builds whose artifacts have gone.
ALTER TABLE artifacts ADD COLUMN of_template INTEGER;
UPDATE artifacts SET of_template = (SELECT template_key FROM builds WHERE builds.build_id = artifacts.build_id);
CREATE TRIGGER artifacts_have_the_template_of_their_build AFTER INSERT ON artifacts BEGIN
  UPDATE artifacts SET of_template = (SELECT template_key FROM builds WHERE build_id = NEW.build_id)
  WHERE template_id = NEW.template_id;
END;
CREATE INDEX artifacts_available ON artifacts (of_template, created_at DESC, build_id DESC)
  WHERE state = 'available' AND image_missing_since IS NULL;
CREATE INDEX artifacts_kept ON artifacts (unpinned_at) WHERE state = 'available';
CREATE INDEX artifacts_leaving ON artifacts (state) WHERE state <> 'available' AND image_removed_at IS NULL;

-- When a machine, a pool or a build last began to use it; NULL: none has since this is kept.
ALTER TABLE artifacts ADD COLUMN last_used_at TEXT;

-- With all that a history can be asked for, so that what does not match is not read.
DROP INDEX builds_by_template;
CREATE INDEX builds_by_template ON builds (template_key, created_at DESC, build_id DESC, status, build_backend, source_type);
CREATE INDEX builds_by_template_and_status ON builds (template_key, status, created_at DESC, build_id DESC);

-- Template of a move of its tag; NULL in other events.
ALTER TABLE audit_events ADD COLUMN template_key INTEGER;
UPDATE audit_events SET template_key = (
    SELECT template_key FROM builds WHERE build_id = coalesce(detail ->> '$.to', detail ->> '$.from'))
  WHERE action IN ('tag_moved', 'tag_removed');
DROP INDEX audit_events_by_tag;
CREATE INDEX audit_events_by_tag ON audit_events (template_key, detail ->> '$.tag', event_id)
  WHERE action IN ('tag_moved', 'tag_removed');

-- Those that ended are many, and only looked at to forget them.
CREATE INDEX machines_ended ON machines (ended_at_ms) WHERE ended_at_ms IS NOT NULL;

CREATE INDEX warm_pools_by_state ON warm_pools (state, pool_id);
`,
};
