export * from "../generated/native/index.ts";
export * from "../generated/types/index.ts";
export type { ProgramArgs } from "../core/template/program-args.ts";
