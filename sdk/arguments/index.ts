export { check, checkWith, type Check } from "./check.ts";
export { InvalidArgumentError } from "./errors.ts";
export { nearestName } from "./nearest-name.ts";
export { show, showKind } from "./show.ts";
export * from "./rule.ts";
