import type { Migration } from "./migration.ts";

/** Generations of pools that are kept on a cluster for other programs. */
export const nativeGenerations: Migration = {
  number: 20,
  name: "native pools",
  sql: `
-- What is on the cluster for it has a row here, from before it is made until it is known to be gone.
CREATE TABLE native_generations (
  pool_id TEXT NOT NULL,
  -- As the pool's rollout_generation counts.
  generation INTEGER NOT NULL,
  -- What its objects are called, and where they are.
  object_name TEXT NOT NULL UNIQUE,
  place TEXT NOT NULL,
  template_id TEXT NOT NULL,
  resolved_template TEXT NOT NULL,
  vcpus INTEGER NOT NULL,
  memory_mb INTEGER NOT NULL,
  disk_mb INTEGER,
  internet_access INTEGER NOT NULL,
  -- As the pool has chosen it; NULL: none.
  placement TEXT,
  -- Members that were decided on last.
  replicas INTEGER NOT NULL,
  -- When a member of it was ready for the first time; NULL: none ever was.
  proven_at_ms INTEGER,
  -- Since when it is the one to claim from; NULL: it never was.
  current_at_ms INTEGER,
  -- JSON array of the members that a disabled pool keeps; NULL: it is not held.
  held TEXT,
  created_at_ms INTEGER NOT NULL,
  PRIMARY KEY (pool_id, generation)
) STRICT;
CREATE INDEX native_generations_by_template ON native_generations (template_id);
`,
};
