export { buildLogger, type BuildLoggerOptions } from "./build-logger.ts";
export type { ConnectionOptions } from "./connection.ts";
export { Machine, type CommandResult, type MachineSettings, type RunOptions } from "./machine.ts";
export { TemplateBuild, type RetryOptions } from "./template-build.ts";
export { Template, type BuildOptions, type ForegroundBuildOptions, type TemplateCallOptions } from "./template.ts";
export { terminalProgress, type TerminalStream } from "./terminal-progress.ts";
export { WarmPool, type WarmPoolChanges, type WarmPoolSettings } from "./warm-pool.ts";
