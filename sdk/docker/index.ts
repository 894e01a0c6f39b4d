import "../require-node.ts";

export { DockerEngine, EngineInfo, EngineVersion } from "./engine.ts";
export type { DockerEngineOptions } from "./engine.ts";
export type { EnginePing } from "./engine-ping.ts";
export type { Cancellable } from "./cancellable.ts";
export type { EngineApi } from "./engine-api.ts";
export type { EngineTls } from "./engine-tls.ts";
export { ImageBuild } from "./build/image-build.ts";
export type { BuildResult } from "./build/image-build.ts";
export {
  BuildAttestations,
  BuildCacheSource,
  BuildCacheTarget,
  BuildKitDaemon,
  BuildOutput,
} from "./buildkit/buildkit-options.ts";
export { BuildOptions, ContainerLimits } from "./build/build-options.ts";
export { BuildSecret, BuildSsh } from "./session/session-options.ts";
export { BuildKit } from "./buildkit/buildkit.ts";
export type {
  BuildKitCacheRecord,
  BuildKitHistoryEvent,
  BuildKitHistoryOptions,
  BuildKitUsageOptions,
  BuildKitInfo,
  BuildKitPruneOptions,
} from "./buildkit/buildkit.ts";
export type { ListedContext, ListedEntry } from "./build/listed-context.ts";
export type { BuildProgress, BuildStep } from "./build/progress.ts";
export { EngineImages, ImageHistoryEntry, ImageInspect, ImageSummary } from "./images.ts";
export type { EngineFilters, TransferOptions } from "./images.ts";
export { ContainerInspect, ContainerSummary, EngineContainers } from "./containers.ts";
export type { ContainerConfig } from "./containers.ts";
export { EngineNetworks, NetworkInspect } from "./networks.ts";
export type { NetworkConfig } from "./networks.ts";
export { EngineEvent } from "./events.ts";
export type { EngineEventOptions } from "./events.ts";
export type { ExecOptions, ExecResult } from "./exec.ts";
export type { OutputChunk } from "./log-frames.ts";
export type { EngineRecord } from "./json-records.ts";
export type { BuildCacheUsage } from "./build-cache-usage.ts";
export { PruneBuildsOptions } from "./prune.ts";
export type { PruneBuildsResult } from "./prune.ts";
export { formatImageRef, parseImageRef } from "./image-ref.ts";
export type { ImageRef } from "./image-ref.ts";
export { parseByteSize } from "./byte-size.ts";
export { lineOfStep } from "./build/dockerfile-instructions.ts";
export { needsRegistry, registriesOfDockerfile, registriesOfImage } from "./build/named-registries.ts";
export type { NamedRegistries } from "./build/named-registries.ts";
export { registryHost } from "./auth/registry-host.ts";
export {
  expandWord,
  fetchingAdds,
  isKnownKeyword,
  isOwnFrontend,
  isRemoteSource,
  quoteFlagValue,
  quoteWord,
  readArg,
  readEnv,
  readDockerfile,
  readFrom,
  sourceWords,
  stableImages,
  UNTOLD,
} from "../dockerfile/index.ts";
export type {
  Declaration,
  Directives,
  FetchingAdd,
  Heredoc,
  Instruction,
  ParsedDockerfile,
  Refusal,
  StageOpening,
  Variables,
  WordRules,
} from "../dockerfile/index.ts";
export { DockerConfig, type WantedCredentials } from "./auth/docker-config.ts";
export { RegistryCredentials } from "./auth/registry-credentials.ts";
export type { RegistryAuth, RegistryAuths } from "./auth/registry-credentials.ts";
export { resolveCloudAuth } from "./auth/cloud-credentials.ts";
export type { AwsKeys, CloudRegistryAuth, EcrTokenSource } from "./auth/cloud-credentials.ts";
export { ENGINE_TIME_LIMITS } from "./time-limits.ts";
export type { EngineTimeLimits } from "./time-limits.ts";
export { InvalidArgumentError } from "../arguments/index.ts";
export type { Schema, SchemaError, SchemaIssue, SchemaResult } from "../schema.ts";
export * from "./errors.ts";
