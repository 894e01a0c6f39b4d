import type { Migration } from "./migration.ts";

export const tagMoves: Migration = {
  number: 6,
  name: "where each tag has pointed",
  sql: `
CREATE INDEX audit_events_by_tag ON audit_events (detail ->> '$.tag', event_id)
  WHERE action IN ('tag_moved', 'tag_removed');
`,
};
