export * from "../resources/index.ts";
export { TemplateAlias } from "./template-alias.ts";
export { TemplateTag } from "./template-tag.ts";
export { Template } from "./template.ts";
export { WarmPool } from "./warm-pool.ts";
