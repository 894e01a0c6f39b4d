import type { Migration } from "./migration.ts";

/** Which tags are followed is looked up at each removal of one: in an index, and not in every pool. */
export const followedTags: Migration = {
  number: 14,
  name: "which tag of which template a pool follows",
  sql: `
-- Of a pool that follows a tag and is not deleted, the tag: its own, or that of its reference ([namespace/]name[:tag]).
ALTER TABLE warm_pools ADD COLUMN followed_tag TEXT GENERATED ALWAYS AS (
  CASE WHEN version_policy = 'track_tag' AND state <> 'deleted'
    THEN coalesce(track_tag, substr(template_ref, instr(template_ref, ':') + 1)) END) VIRTUAL;
-- And the template's name, without its namespace.
ALTER TABLE warm_pools ADD COLUMN followed_name TEXT GENERATED ALWAYS AS (
  CASE WHEN version_policy = 'track_tag' AND state <> 'deleted'
    THEN substr(substr(template_ref, 1, instr(template_ref || ':', ':') - 1), instr(template_ref, '/') + 1) END) VIRTUAL;
CREATE INDEX warm_pools_by_followed_tag ON warm_pools (followed_tag) WHERE followed_tag IS NOT NULL;
CREATE INDEX warm_pools_by_followed_name ON warm_pools (followed_name) WHERE followed_name IS NOT NULL;
`,
};
