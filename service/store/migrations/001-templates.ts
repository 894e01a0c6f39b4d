import type { Migration } from "./migration.ts";

/** Namespaces, logical templates, builds with their logs, artifacts, tags, aliases, claims, blobs. */
export const templates: Migration = {
  number: 1,
  name: "templates",
  sql: `
CREATE TABLE settings (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE namespaces (
  slug       TEXT PRIMARY KEY,
  kind       TEXT NOT NULL CHECK (kind IN ('system', 'user', 'deployment')),
  is_default INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO namespaces VALUES ('nullspace', 'system', 0), ('local', 'user', 1);

-- Logical templates. A deleted one keeps its row, because the records of its builds stay readable.
CREATE TABLE templates (
  template_key INTEGER PRIMARY KEY,
  namespace    TEXT NOT NULL REFERENCES namespaces,
  name         TEXT NOT NULL,
  visibility   TEXT NOT NULL CHECK (visibility IN ('private', 'public')),
  builtin      INTEGER NOT NULL DEFAULT 0,
  created_at   TEXT NOT NULL,
  updated_at   TEXT NOT NULL,
  deleted_at   TEXT
) STRICT;

CREATE UNIQUE INDEX templates_by_name ON templates (namespace, name) WHERE deleted_at IS NULL;

-- Old names of a template. A name is a template's or an alias, never both: see templates/names.ts.
CREATE TABLE aliases (
  namespace    TEXT NOT NULL REFERENCES namespaces,
  name         TEXT NOT NULL,
  template_key INTEGER NOT NULL REFERENCES templates,
  created_at   TEXT NOT NULL,
  PRIMARY KEY (namespace, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX aliases_by_template ON aliases (template_key);

CREATE TABLE builds (
  build_id             TEXT PRIMARY KEY,
  template_id          TEXT NOT NULL UNIQUE,
  template_key         INTEGER NOT NULL REFERENCES templates,
  name                 TEXT NOT NULL,
  tags                 TEXT NOT NULL,
  status               TEXT NOT NULL CHECK (status IN ('waiting', 'building', 'ready', 'error', 'cancelled')),
  build_backend        TEXT NOT NULL,
  source_type          TEXT NOT NULL,
  source_digest        TEXT NOT NULL,
  context_digest       TEXT,
  dockerfile_digest    TEXT,
  -- The request without a credential in it: what a retry and a restart build from.
  definition           TEXT NOT NULL,
  -- 1: the build needs credentials that live for the request only, so a restart cannot take it up again.
  needs_credentials    INTEGER NOT NULL,
  -- 1: file bodies came inside the request; such a build cannot be retried.
  inline_context       INTEGER NOT NULL,
  base_template_id     TEXT,
  triggered_by         TEXT NOT NULL,
  created_at           TEXT NOT NULL,
  updated_at           TEXT NOT NULL,
  queued_at            TEXT NOT NULL,
  started_at           TEXT,
  finished_at          TEXT,
  failure_phase        TEXT,
  error                TEXT,
  error_detail         TEXT,
  cache_summary        TEXT,
  log_bytes            INTEGER NOT NULL DEFAULT 0,
  oci_metadata         TEXT,
  retry_of_build_id    TEXT,
  original_build_id    TEXT,
  cancel_requested_at  TEXT,
  cancel_requested_by  TEXT,
  cancellation_reason  TEXT,
  next_offset          INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX builds_by_template ON builds (template_key, created_at DESC, build_id DESC);
CREATE INDEX builds_by_status ON builds (status) WHERE status IN ('waiting', 'building');
CREATE INDEX builds_by_base ON builds (base_template_id) WHERE base_template_id IS NOT NULL;

-- What a ready build left on the engine.
CREATE TABLE artifacts (
  template_id  TEXT PRIMARY KEY,
  build_id     TEXT NOT NULL UNIQUE REFERENCES builds,
  image_id     TEXT NOT NULL,
  image_ref    TEXT NOT NULL,
  -- available; expired: past its retention; purged: deleted, or expired and reclaimed.
  state        TEXT NOT NULL CHECK (state IN ('available', 'expired', 'purged')),
  -- Since when nothing pins it (NULL: pinned by a tag, a pool or a child).
  unpinned_at  TEXT,
  created_at   TEXT NOT NULL,
  -- NULL: the image is still on the engine (and has to be removed once the state is not available).
  image_removed_at TEXT
) STRICT;

CREATE TABLE tags (
  template_key INTEGER NOT NULL REFERENCES templates,
  tag          TEXT NOT NULL,
  build_id     TEXT NOT NULL REFERENCES builds,
  created_at   TEXT NOT NULL,
  moved_at     TEXT NOT NULL,
  PRIMARY KEY (template_key, tag)
) STRICT, WITHOUT ROWID;

CREATE INDEX tags_by_build ON tags (build_id);

CREATE TABLE log_entries (
  build_id  TEXT NOT NULL REFERENCES builds,
  offset    INTEGER NOT NULL,
  entry     TEXT NOT NULL,
  PRIMARY KEY (build_id, offset)
) STRICT, WITHOUT ROWID;

CREATE TABLE blobs (
  digest       TEXT PRIMARY KEY,
  size_bytes   INTEGER NOT NULL,
  stored_at    TEXT,
  last_used_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE build_blobs (
  build_id TEXT NOT NULL REFERENCES builds,
  digest   TEXT NOT NULL REFERENCES blobs,
  PRIMARY KEY (build_id, digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX build_blobs_by_digest ON build_blobs (digest);

CREATE TABLE claims (
  claim_token TEXT PRIMARY KEY,
  namespace   TEXT NOT NULL REFERENCES namespaces,
  name        TEXT NOT NULL,
  owner       TEXT NOT NULL,
  created_at  TEXT NOT NULL,
  expires_at  TEXT NOT NULL,
  UNIQUE (namespace, name)
) STRICT, WITHOUT ROWID;

-- Who moved what, append-only.
CREATE TABLE audit_events (
  event_id INTEGER PRIMARY KEY,
  at       TEXT NOT NULL,
  actor    TEXT NOT NULL,
  action   TEXT NOT NULL,
  subject  TEXT NOT NULL,
  detail   TEXT NOT NULL
) STRICT;
`,
};
