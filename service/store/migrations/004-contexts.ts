import type { Migration } from "./migration.ts";

/**
 * Build contexts become rows of their own, one for all builds of the same files: what changes seldom is written seldom,
 * and a look at a build does not read thousands of paths. Artifacts say what they were made from.
 */
export const contexts: Migration = {
  number: 4,
  name: "contexts",
  sql: `
CREATE TABLE contexts (
  context_key    TEXT PRIMARY KEY,
  -- JSON list of the entries as requests name them, file bodies as blobs.
  files          TEXT NOT NULL,
  first_build_id TEXT NOT NULL REFERENCES builds
) STRICT;

CREATE TABLE context_blobs (
  context_key TEXT NOT NULL REFERENCES contexts,
  digest      TEXT NOT NULL REFERENCES blobs,
  PRIMARY KEY (context_key, digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX context_blobs_by_digest ON context_blobs (digest);

-- The build's context; it stays when the context itself is forgotten after its time.
ALTER TABLE builds ADD COLUMN context_key TEXT;
CREATE INDEX builds_by_context ON builds (context_key) WHERE context_key IS NOT NULL;

INSERT INTO contexts
  SELECT build_id, definition -> '$.build_context.files', build_id FROM builds
  WHERE definition -> '$.build_context.files' IS NOT NULL;
INSERT INTO context_blobs SELECT build_id, digest FROM build_blobs
  WHERE build_id IN (SELECT context_key FROM contexts);
UPDATE builds SET context_key = build_id, definition = json_remove(definition, '$.build_context')
  WHERE build_id IN (SELECT context_key FROM contexts);
DROP TABLE build_blobs;

-- Digest of all that decides the artifact's image; NULL where that cannot be told.
ALTER TABLE artifacts ADD COLUMN reuse_key TEXT;
CREATE INDEX artifacts_by_reuse_key ON artifacts (reuse_key) WHERE reuse_key IS NOT NULL;
`,
};
