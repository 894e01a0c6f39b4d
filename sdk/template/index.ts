export * from "./bases.ts";
export { TemplateBuilder } from "./builder.ts";
export { resolveIdentity, type BuildIdentity } from "./build-identity.ts";
export { collectContext, type CollectedContext } from "./collect-context.ts";
export type { CollectRules, LeftOut, LocalEntry } from "./collect-files.ts";
export type { CopyItemArgument, CopyOptions } from "./copy-arguments.ts";
export { createRequest, type JsonOptions, type RequestOptions } from "./create-request.ts";
export type { BuilderStep, FileContext, TemplateBase, TemplateDefinition } from "./definition.ts";
export { ContextSourceError, TemplateArgumentError } from "./errors.ts";
export { hashFiles } from "./hash-file.ts";
export { inspectContext, type ContextInspection, type ContextWarning } from "./inspect-context.ts";
export {
  waitForCommand,
  waitForFile,
  waitForPort,
  waitForProcess,
  waitForTimeout,
  waitForUrl,
  type ReadinessTuning,
} from "./readiness.ts";
export type { AwsAuthOptions, BasicAuthOptions } from "./registry-credentials.ts";
export { shellQuote, type QuoteMark } from "./shell-quote.ts";
