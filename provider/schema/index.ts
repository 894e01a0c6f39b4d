export { renderPackageSchema, type PackageFacts } from "./package-schema.ts";
export { modelResource, type ResourceModel } from "./type-model.ts";
export { renderResourceTypes } from "./typescript.ts";
