export { renderPackageSchema, type PackageFacts } from "./package-schema.ts";
export { modelResource, type ResourceModel } from "./type-model.ts";
export { renderResourceTypes, renderSharedObjects, SHARED_FILE, sharedObjects } from "./typescript.ts";
