import type { Migration } from "./migration.ts";

export const artifactRuntimes: Migration = {
  number: 9,
  name: "how machines of a build's artifact start, with what it has from its parent and its image",
  sql: `
-- JSON of an ArtifactRuntime; NULL for builds that are not ready, or were before it was kept.
ALTER TABLE builds ADD COLUMN runtime TEXT;
`,
};
