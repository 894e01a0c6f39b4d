export type { CallOptions } from "./call-options.ts";
export type { BlobsApi, PreflightAnswer } from "./blobs.ts";
export type { BuildsApi, LogOptions, WaitOptions } from "./builds.ts";
export { NullspaceClient, type NullspaceClientOptions } from "./client.ts";
export * from "./errors.ts";
export type { Answered, FieldOptions, MachineField, TemplateField } from "./fields.ts";
export { checkHealth } from "./health.ts";
export type { MachinePage, MachinesApi } from "./machines.ts";
export * from "./objects/index.ts";
export { DEFAULT_BASE_URL, findSettings, type Setting, type Settings, type SettingsPlaces } from "./settings.ts";
export { tagHistory, type HistoricMove, type TagHistory } from "./tag-history.ts";
export type { TemplatesApi } from "./templates.ts";
export {
  FileUploadError,
  UploadChecksumError,
  UploadConflictError,
  UploadExpiredError,
  UploadLimitError,
  UploadPathError,
  UploadStateError,
  type UploadFailure,
} from "./upload-errors.ts";
export { uploadContext, type ContextPlace } from "./upload-context.ts";
export type { UploadEntry, UploadFile, UploadFolder, ReadTogether } from "./upload-entry.ts";
export { uploadFiles, type UploadOptions, type UploadProgress } from "./upload-files.ts";
export type { WaitUntilReadyOptions, WarmPoolsApi } from "./warm-pools.ts";
