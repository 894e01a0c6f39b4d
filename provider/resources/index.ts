export * from "./shared-objects.ts";
export * from "./template-alias.ts";
export * from "./template-tag.ts";
export * from "./template.ts";
export * from "./warm-pool.ts";
