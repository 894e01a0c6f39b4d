import type { Migration } from "./migration.ts";

export const engineLosses: Migration = {
  number: 7,
  name: "what the engine has lost",
  sql: `
-- How often the engine went away in the middle of the build.
ALTER TABLE builds ADD COLUMN engine_cuts INTEGER NOT NULL DEFAULT 0;

-- Since when the image of an available artifact is not on the engine; NULL: it is, as far as is known.
ALTER TABLE artifacts ADD COLUMN image_missing_since TEXT;
`,
};
