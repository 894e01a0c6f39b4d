import type { Migration } from "./migration.ts";

export const storage: Migration = {
  number: 12,
  name: "which builds ended first, and whose logs are kept whole",
  sql: `
-- Since when only the end of a build's log is kept; NULL: all of it is.
ALTER TABLE builds ADD COLUMN log_trimmed_at TEXT;
CREATE INDEX builds_with_whole_logs ON builds (finished_at, log_bytes) WHERE finished_at IS NOT NULL AND log_trimmed_at IS NULL;
CREATE INDEX builds_ended ON builds (finished_at) WHERE finished_at IS NOT NULL;
`,
};
