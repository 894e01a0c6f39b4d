import type { Migration } from "./migration.ts";

/** What members of a native generation are made from, so that a pool that goes back to it finds it again. */
export const nativeKeys: Migration = {
  number: 21,
  name: "native keys",
  sql: `
-- As the pool's compatibility_key when the generation was made; NULL: it was made before this was recorded.
ALTER TABLE native_generations ADD COLUMN compatibility_key TEXT;
`,
};
