export * from "./client/index.ts";
export * from "./errors.ts";
export * from "./wire/index.ts";
