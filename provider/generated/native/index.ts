// Made by `npm run generate` from the schemas in provider/core: change those, not this.
export * from "./provider.ts";
export * from "./functions.ts";
export * from "./template.ts";
export * from "./template-alias.ts";
export * from "./template-tag.ts";
export * from "./warm-pool.ts";
