export * from "./client/index.ts";
export * from "./errors.ts";
export * from "./template/index.ts";
// Named like three objects of the wire (`pulumi-nullspace/wire`), which they stand for: a name exported here wins.
export { Machine, TemplateBuild, WarmPool } from "./client/objects/index.ts";
export * from "./wire/index.ts";
