export * from "../generated/native/index.ts";
export * from "../generated/types/index.ts";
export { Provider, type ProviderArgs } from "./provider.ts";
