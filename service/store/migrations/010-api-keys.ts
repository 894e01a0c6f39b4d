import type { Migration } from "./migration.ts";

/** Keys, of which only digests are kept; records say which key did what; ended machines keep no variables. */
export const apiKeys: Migration = {
  number: 10,
  name: "API keys",
  sql: `
CREATE TABLE api_keys (
  key_id       TEXT PRIMARY KEY,
  name         TEXT NOT NULL,
  -- SHA-256 of the key. Keys have 192 bits of chance, so that no slow hash is needed to keep them from being guessed.
  digest       BLOB NOT NULL UNIQUE,
  created_at   TEXT NOT NULL,
  -- Of about the last minute.
  last_used_at TEXT,
  revoked_at   TEXT
) STRICT;
CREATE UNIQUE INDEX api_keys_by_name ON api_keys (name) WHERE revoked_at IS NULL;

-- NULL where the service itself did it, and in what was recorded before keys had names.
ALTER TABLE audit_events ADD COLUMN key_id TEXT;
ALTER TABLE builds ADD COLUMN key_id TEXT;

UPDATE machines SET envs = '{}' WHERE status IN ('destroyed', 'error');
`,
};
