export { FAIL_ON, metConditions, type FailOn } from "./facts/fail-on.ts";
export { makeReport, type TitledPreview } from "./facts/make-report.ts";
export type * from "./facts/report.ts";
export type { Preview } from "./preview/preview.ts";
export { readPreview } from "./preview/read-preview.ts";
export { isMarkerName, MAX_COMMENT_CHARACTERS, renderMarkdown, renderText } from "./render.ts";
