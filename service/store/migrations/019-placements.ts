import type { Migration } from "./migration.ts";

/** Where the machines of a pool run, where it chooses that. */
export const placements: Migration = {
  number: 19,
  name: "placements",
  sql: `
-- The placement that a pool has chosen, by name, and what its present members are made by; NULL: none.
ALTER TABLE warm_pools ADD COLUMN placement TEXT;
ALTER TABLE warm_pools ADD COLUMN placement_key TEXT;
ALTER TABLE guests ADD COLUMN placement TEXT;
ALTER TABLE guests ADD COLUMN placement_key TEXT;
`,
};
