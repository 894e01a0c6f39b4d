import type { Migration } from "./migration.ts";

/** Machines, and the guests: containers that are, were or may become machines. */
export const machines: Migration = {
  number: 2,
  name: "machines",
  sql: `
CREATE TABLE machines (
  machine_id            TEXT PRIMARY KEY,
  -- NULL once the creation that it names has failed, so that a repeated request tries again.
  idempotency_key       TEXT UNIQUE,
  request_digest        TEXT NOT NULL,
  -- The reference as it was asked for, and the artifact that it meant then.
  template              TEXT NOT NULL,
  template_id           TEXT NOT NULL,
  status                TEXT NOT NULL CHECK (status IN ('creating', 'running', 'paused', 'destroyed', 'error')),
  vcpus                 INTEGER NOT NULL,
  memory_mb             INTEGER NOT NULL,
  disk_mb               INTEGER,
  internet_access       INTEGER NOT NULL,
  envs                  TEXT NOT NULL,
  cwd                   TEXT,
  metadata              TEXT NOT NULL,
  timeout_ms            INTEGER NOT NULL,
  timeout_action        TEXT NOT NULL CHECK (timeout_action IN ('destroy', 'hibernate')),
  timeout_at_ms         INTEGER NOT NULL,
  inactivity_timeout_ms INTEGER,
  auto_delete_after_ms  INTEGER,
  ephemeral             INTEGER NOT NULL,
  auto_resume           INTEGER NOT NULL,
  -- Answer of the checkout, NULL when no pool was considered.
  checkout              TEXT,
  failure               TEXT,
  created_at_ms         INTEGER NOT NULL,
  started_at_ms         INTEGER,
  last_active_at_ms     INTEGER NOT NULL,
  paused_at_ms          INTEGER,
  ended_at_ms           INTEGER
) STRICT;

CREATE INDEX machines_by_status ON machines (status, machine_id);
CREATE INDEX machines_by_artifact ON machines (template_id) WHERE status IN ('creating', 'running', 'paused');

-- A row for each container that runs or should, written before the engine is asked: after a crash the rows say which
-- containers are ours and which are strays. The row goes when the engine has removed the container.
CREATE TABLE guests (
  guest_id          TEXT PRIMARY KEY,
  -- Pool that it was made for; stays after the checkout.
  pool_id           TEXT,
  -- Owner. UNIQUE, so that no machine can ever have two guests, nor a guest two owners.
  machine_id        TEXT UNIQUE REFERENCES machines,
  state             TEXT NOT NULL CHECK (state IN ('warming', 'ready', 'claimed', 'terminating')),
  template_id       TEXT NOT NULL,
  compatibility_key TEXT NOT NULL,
  vcpus             INTEGER NOT NULL,
  memory_mb         INTEGER NOT NULL,
  disk_mb           INTEGER,
  internet_access   INTEGER NOT NULL,
  release_reason    TEXT,
  created_at_ms     INTEGER NOT NULL,
  ready_at_ms       INTEGER,
  CHECK ((state = 'claimed') = (machine_id IS NOT NULL))
) STRICT;

CREATE INDEX guests_by_pool ON guests (pool_id, state);
CREATE INDEX guests_by_artifact ON guests (template_id);
`,
};
