import type { Migration } from "./migration.ts";

/** Which trace a build is part of, also when another process takes it up. */
export const traces: Migration = {
  number: 17,
  name: "the trace that a build was asked for in",
  sql: `
-- The W3C header traceparent of the request's span; NULL: nothing was traced.
ALTER TABLE builds ADD COLUMN traceparent TEXT;
`,
};
