import type { Migration } from "./migration.ts";

/** What the page shows first is found at once, however much there was before. */
export const page: Migration = {
  number: 15,
  name: "what failed last and what went live last",
  sql: `
CREATE INDEX builds_failed ON builds (seq) WHERE status = 'error';
CREATE INDEX audit_events_of_tags ON audit_events (event_id) WHERE action = 'tag_moved';
`,
};
