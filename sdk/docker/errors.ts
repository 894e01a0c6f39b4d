export * from "./errors/docker-error.ts";
export * from "./errors/engine-away.ts";
export * from "./errors/engine-answers.ts";
export * from "./errors/call-options.ts";
export * from "./errors/image-build.ts";
export * from "./errors/exec.ts";
export * from "./errors/credentials.ts";
