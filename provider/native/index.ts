export * from "../generated/native/index.ts";
export * from "../generated/types/index.ts";
