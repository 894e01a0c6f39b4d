export * from "../generated/dynamic/index.ts";
export * from "../generated/types/index.ts";
