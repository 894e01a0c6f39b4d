import type { Migration } from "./migration.ts";

export const contextBuilds: Migration = {
  number: 5,
  name: "which build a context came with, beside its key",
  sql: `
-- Without it, each look at first_build_id walks through the context's list of files, which is megabytes long.
CREATE INDEX contexts_first_build ON contexts (context_key, first_build_id);
`,
};
