import "../require-node.ts";

export { InvalidArgumentError } from "../arguments/index.ts";
export { BuildContext, type ContextDockerfile, type ContextFacts, type ContextTree } from "./build-context.ts";
export type { ContextEntry, ContextEntryType, IgnoredEntry, UnsupportedEntry, UnsupportedKind } from "./entry.ts";
export {
  ContextError,
  type ContextErrorCode,
  ContextLimitError,
  type DirectoryWeight,
  InvalidIgnorePatternError,
} from "./errors.ts";
export { createIgnoreMatcher } from "./ignore/create-matcher.ts";
export type { IgnoreSource, IgnoreSyntax } from "./ignore/rule.ts";
export { INCLUDED, type IgnoreCursor, type IgnoreMatcher, ruleFor } from "./ignore/matcher.ts";
export { type IgnoreRule, ruleLocation } from "./ignore/rule.ts";
export { type ContextLimits, DEFAULT_LIMITS, type ResolvedLimits, SERVICE_CONTEXT_LIMITS } from "./limits.ts";
export type { Manifest } from "./manifest/manifest.ts";
export { userStatCache } from "./cache/user-stat-cache.ts";
export { type ContextOptions, listContext, readContext } from "./read-context.ts";
export type { EntryTable } from "./table/entry-table.ts";
export type { TextColumn } from "./table/text-column.ts";
export type { WalkedIgnored } from "./walk/walk-tree.ts";
export type { TreeRoot } from "./walk/tree-root.ts";
export type { SymlinkMode } from "./walk/job.ts";
export { openContextFile } from "./open-context-file.ts";
export { readContextFiles, readContextPaths } from "./read-context-files.ts";
export { END_OF_ARCHIVE, paddingOf, type TarEntry, tarHeader } from "./tar/header.ts";
export { tarContext, type TarOptions } from "./tar/tar-context.ts";
export { comparable, type ComparableContext, type ContextChange, difference } from "./inspect/difference.ts";
export { contextWarnings, type ContextWarning, type WarningReason } from "./inspect/warnings.ts";
export { formatBytes, ignoreLine } from "./walk/directory-weights.ts";
