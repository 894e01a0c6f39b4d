import type { Migration } from "./migration.ts";

/** Warm pools. Their members are rows of `guests`. */
export const warmPools: Migration = {
  number: 3,
  name: "warm pools",
  sql: `
CREATE TABLE warm_pools (
  pool_id                    TEXT PRIMARY KEY,
  name                       TEXT NOT NULL,
  template_ref               TEXT NOT NULL,
  state                      TEXT NOT NULL CHECK (state IN ('enabled', 'disabled', 'draining', 'deleted')),
  min_ready                  INTEGER NOT NULL CHECK (min_ready >= 0),
  max_ready                  INTEGER NOT NULL CHECK (max_ready >= min_ready),
  vcpus                      INTEGER NOT NULL,
  memory_mb                  INTEGER NOT NULL,
  disk_mb                    INTEGER,
  checkout_policy            TEXT NOT NULL CHECK (checkout_policy IN ('prefer', 'require', 'bypass')),
  idle_timeout_seconds       INTEGER NOT NULL,
  stale_after_seconds        INTEGER NOT NULL,
  version_policy             TEXT NOT NULL CHECK (version_policy IN ('pinned_build', 'track_tag')),
  track_tag                  TEXT,
  host_pool_id               TEXT,
  cell_id                    TEXT,
  labels                     TEXT NOT NULL,
  metadata                   TEXT NOT NULL,

  -- What the ref means at present for this pool.
  resolved_template          TEXT NOT NULL,
  build_id                   TEXT NOT NULL,
  template_id                TEXT NOT NULL,
  internet_access            INTEGER NOT NULL,
  compatibility_key          TEXT NOT NULL,
  rollout_generation         INTEGER NOT NULL,
  previous_resolved_template TEXT,
  previous_build_id          TEXT,
  previous_template_id       TEXT,

  degraded_reason            TEXT,
  failure_count              INTEGER NOT NULL DEFAULT 0,
  failure_at_ms              INTEGER,
  failure_reason             TEXT,
  last_failure               TEXT,
  released_this_tick         INTEGER NOT NULL DEFAULT 0,

  created_at_ms              INTEGER NOT NULL,
  updated_at_ms              INTEGER NOT NULL,
  enabled_at_ms              INTEGER,
  disabled_at_ms             INTEGER,
  drain_requested_at_ms      INTEGER,
  last_reconciled_at_ms      INTEGER,
  deleted_at_ms              INTEGER
) STRICT;

CREATE UNIQUE INDEX warm_pools_by_name ON warm_pools (name) WHERE state <> 'deleted';
CREATE INDEX warm_pools_by_artifact ON warm_pools (template_id) WHERE state <> 'deleted';
`,
};
