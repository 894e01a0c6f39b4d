import type { Migration } from "./migration.ts";

export const blobBytes: Migration = {
  number: 8,
  name: "small bodies of context files, beside what is known of them",
  sql: `
-- Thousands of them are one transaction, and one wait for the disk; as files, each would be several. Large ones are files.
CREATE TABLE blob_bytes (
  digest TEXT PRIMARY KEY REFERENCES blobs ON DELETE CASCADE,
  bytes  BLOB NOT NULL
) STRICT;
`,
};
