import { compareApiVersions, requireApiVersion } from "../api-version.ts";
import { ApiVersionError, DockerOptionError, UnsupportedByEngineError } from "../errors.ts";
import type { EnginePing } from "../engine-ping.ts";
import { imageOf } from "../buildkit/build-caches.ts";
import { type CheckedBuildOptions, isForSeveral } from "./check-build-options.ts";
import { isRemotePath } from "./build-source.ts";

/** API version of the first engine (18.09) whose BuildKit is no experiment. */
const BUILDKIT_API_VERSION = "1.39";
/** API version of the first engine (23.0) that passes these on to BuildKit; older ones drop them. */
const BUILDKIT_LIMITS_API_VERSION = "1.42";
const BUILDKIT_NETWORKS = new Set(["", "default", "none", "host"]);
/** The default one, in both words for it. Any other is no word to Podman, and so the default one too. */
const PODMAN_NETWORKS = new Set(["", "default", "bridge"]);

/**
 * The builder to use. A builder that would ignore an option without a word is not an answer, so `auto` looks at the
 * options as well as at the engine.
 *
 * @throws DockerOptionError when the options contradict each other, ApiVersionError or UnsupportedByEngineError when
 *   the engine lacks the builder that they need
 */
export function chooseBuilder(options: CheckedBuildOptions, engine: EnginePing): "buildkit" | "classic" {
  if (engine.isPodman) refuseWhatPodmanDrops(options);
  const classicOnly = needsClassic(options);
  const needsNewer = needsNewerBuildKit(options, engine);
  const buildkitOnly = needsBuildKit(options);
  if (buildkitOnly !== undefined || options.builder === "buildkit") {
    refuseClassicOnly(options, buildkitOnly ?? 'builder: "buildkit"');
  }
  if (buildkitOnly !== undefined && options.builder === "classic") {
    throw new DockerOptionError(buildkitOnly, `Only BuildKit has ${buildkitOnly}; leave out builder: "classic".`);
  }
  if (options.builder === "buildkit" || buildkitOnly !== undefined) {
    refuseWithoutBuildKit(buildkitOnly ?? 'builder: "buildkit"', engine);
    if (needsNewer !== undefined) {
      throw new ApiVersionError(`${needsNewer} with BuildKit`, BUILDKIT_LIMITS_API_VERSION, engine.apiVersion);
    }
    return "buildkit";
  }
  if (options.builder === "classic" || classicOnly !== undefined || needsNewer !== undefined) return "classic";
  return hasBuildKit(engine) ? "buildkit" : "classic";
}

/** @throws DockerOptionError for an option that BuildKit does not have. @param other what asks for BuildKit */
export function refuseClassicOnly(options: CheckedBuildOptions, other: string): void {
  const classicOnly = needsClassic(options);
  if (classicOnly === undefined) return;
  throw new DockerOptionError(classicOnly, `BuildKit has no ${classicOnly}, so it cannot be combined with ${other}.`);
}

function hasBuildKit({ osType, apiVersion, isPodman }: EnginePing): boolean {
  return osType === "linux" && !isPodman && compareApiVersions(apiVersion, BUILDKIT_API_VERSION) >= 0;
}

function refuseWithoutBuildKit(feature: string, engine: EnginePing): void {
  if (engine.isPodman) {
    throw new UnsupportedByEngineError(
      feature,
      `Podman's Docker API has no BuildKit and ignores ${feature}. Use Docker Engine, or leave ${feature} out.`,
    );
  }
  if (engine.osType !== "linux") {
    throw new UnsupportedByEngineError(feature, `A ${engine.osType} engine has no BuildKit, which ${feature} needs.`);
  }
  requireApiVersion(feature, BUILDKIT_API_VERSION, engine.apiVersion);
}

/**
 * Options that Podman's Docker API takes and drops, or reads as something else (podman, pkg/api/handlers/compat/
 * images_build.go): a build that was meant to be offline would be online.
 */
function refuseWhatPodmanDrops(options: CheckedBuildOptions): void {
  const dropped = [
    ...(!PODMAN_NETWORKS.has(options.networkMode ?? "")
      ? ["networkMode", `networkMode: "${options.networkMode}"`]
      : []),
    ...(options.cacheFrom.length > 0 ? ["cacheFrom", "cacheFrom"] : []),
    ...(options.path !== undefined && isRemotePath(options.path) ? ["path", "a remote path"] : []),
  ];
  const [option, what] = dropped;
  if (option === undefined) return;
  throw new UnsupportedByEngineError(
    option,
    `Podman's Docker API ignores ${what}, so the build would not be what was asked for. Use Docker Engine, or leave it out.`,
  );
}

function needsClassic(options: CheckedBuildOptions): string | undefined {
  if (Object.keys(options.containerLimits ?? {}).length > 0) return "containerLimits";
  if (options.squash) return "squash";
  if (options.isolation !== undefined) return "isolation";
  for (const name of ["cpuPeriod", "cpuQuota", "cpusetMems", "cgroupParent"] as const)
    if (options[name] !== undefined) return name;
  if (!BUILDKIT_NETWORKS.has(options.networkMode ?? "")) return `networkMode: ${JSON.stringify(options.networkMode)}`;
  return undefined;
}

function needsNewerBuildKit(options: CheckedBuildOptions, { apiVersion }: EnginePing): string | undefined {
  if (compareApiVersions(apiVersion, BUILDKIT_LIMITS_API_VERSION) >= 0) return undefined;
  if (options.shmSize !== undefined) return "shmSize";
  return (options.ulimits?.length ?? 0) > 0 ? "ulimits" : undefined;
}

function needsBuildKit(options: CheckedBuildOptions): string | undefined {
  for (const name of ["secrets", "ssh", "outputs"] as const) if ((options[name]?.length ?? 0) > 0) return name;
  return options.cacheTo.length === 0 ? needsControl(options)?.option : "cacheTo";
}

/** The option that POST /build has no parameter for: BuildKit has to be asked itself. */
export function needsControl(options: CheckedBuildOptions): { option: string; what: string } | undefined {
  if (Object.keys(options.contexts ?? {}).length > 0) return { option: "contexts", what: "contexts" };
  for (const target of options.cacheTo)
    if (target !== "inline") return { option: "cacheTo", what: `cacheTo of the type ${target.type}` };
  if (options.cacheFrom.some((source) => imageOf(source) === undefined))
    return { option: "cacheFrom", what: "cacheFrom of the type local" };
  if (options.attest?.provenance || options.attest?.sbom) return { option: "attest", what: "attest" };
  return isForSeveral(options) ? { option: "platform", what: "platform of several" } : undefined;
}
