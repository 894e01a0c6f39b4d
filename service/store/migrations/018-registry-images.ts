import type { Migration } from "./migration.ts";

/** Names of images in an OCI registry, whose references are counted here. */
export const registryImages: Migration = {
  number: 18,
  name: "images in a registry",
  sql: `
-- A registry deletes a manifest with all of its names, and keeps no count of them.
CREATE TABLE registry_images (
  template_id TEXT PRIMARY KEY,
  -- Host, repository and tag.
  image_ref TEXT NOT NULL,
  -- What it is pulled by.
  manifest_digest TEXT NOT NULL,
  -- What an engine that has pulled it calls it.
  config_digest TEXT NOT NULL,
  -- Of what a pull gets.
  size_bytes INTEGER NOT NULL,
  -- The name is not wanted any more, and the registry could not take it away; NULL: it is wanted.
  given_up_at TEXT
) STRICT;
CREATE INDEX registry_images_by_digest ON registry_images (manifest_digest);
`,
};
