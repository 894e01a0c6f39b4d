import "./require-node.ts";

export * from "./client/index.ts";
export { suggestName } from "./arguments/suggest-name.ts";
export { NullspaceError, type NullspaceErrorOptions } from "./errors.ts";
export * from "./template/index.ts";
export { TemplateRefError } from "./wire/errors.ts";
export { formatTemplateRef, parseTemplateRef } from "./wire/ref-grammar.ts";
export { isTerminalEntry, isTerminalStatus } from "./wire/terminal.ts";
// The wire's types; its schemas are a floor of their own, `pulumi-nullspace/wire`, which costs much more to load. Three
// names are those of the objects that stand for them: a name exported here by itself wins.
export { Machine, TemplateBuild, WarmPool } from "./client/objects/index.ts";
export type * from "./wire/index.ts";
