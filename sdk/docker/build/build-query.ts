import { requireApiVersion } from "../api-version.ts";
import { UnsupportedByEngineError } from "../errors.ts";
import type { EnginePing } from "../engine-ping.ts";
import type { CheckedBuildOptions } from "./check-build-options.ts";
import type { BuildSource } from "./build-source.ts";
import { imageOf } from "../buildkit/build-caches.ts";
import { parseByteSize } from "../byte-size.ts";

/** In place of a URL, the engine's word for folders that it fetches through the session (moby, builder-next/builder.go). */
export const FROM_SESSION = "client-session";

/** What the query of POST /build is made of. */
export interface BuildQueryInput {
  options: CheckedBuildOptions;
  source: Pick<BuildSource, "remote" | "dockerfile" | "synced">;
  engine: EnginePing;
  builder: "buildkit" | "classic";
  buildId: string;
  /** Build arguments from the proxies of Docker's configuration, without those given explicitly. */
  proxyArgs: Record<string, string>;
  /** Session of this client on the engine, if it has one. */
  sessionId?: string | undefined;
}

/**
 * The query of POST /build (Engine API, ImageBuild; `ulimits`, `cgroupparent`, `cpusetmems`, `session` and `buildid`
 * after moby, daemon/server/router/build/build_routes.go).
 *
 * @throws ApiVersionError when the engine is too old for an option
 */
export function buildQuery(input: BuildQueryInput): URLSearchParams {
  const { options, source, engine } = input;
  const query = new URLSearchParams();
  const set = (name: string, value: string | number | boolean | undefined) => {
    if (value !== undefined && value !== "") query.set(name, String(value));
  };
  const needs = (option: string, version: string) =>
    requireApiVersion(`Build option ${option}`, version, engine.apiVersion);

  for (const tag of options.tags) query.append("t", tag);
  set("dockerfile", source.dockerfile);
  set("remote", source.synced ? FROM_SESSION : source.remote);
  set("q", options.quiet ?? false);
  set("nocache", options.noCache ?? false);
  // The engine reads an absent `rm` as true, but a query that says so also holds for others that do not.
  set("rm", options.rm ?? true);
  set("forcerm", options.forcerm ?? false);
  if (options.pull) set("pull", true);

  const args = { ...input.proxyArgs, ...options.buildArgs };
  if (options.cacheTo.includes("inline")) args["BUILDKIT_INLINE_CACHE"] = "1";
  if (Object.keys(args).length > 0) set("buildargs", JSON.stringify(args));
  if (options.labels && Object.keys(options.labels).length > 0) set("labels", JSON.stringify(options.labels));
  if (options.shmSize !== undefined) set("shmsize", parseByteSize("shmSize", options.shmSize));
  if (options.cacheFrom.length > 0) {
    needs("cacheFrom", "1.25");
    // Folders are refused before: this request has no room for them.
    const images = options.cacheFrom.flatMap((source) => imageOf(source) ?? []);
    set("cachefrom", JSON.stringify(images));
  }
  if (options.networkMode !== undefined) {
    needs("networkMode", "1.25");
    set("networkmode", options.networkMode);
  }
  if (options.squash) {
    needs("squash", "1.25");
    if (!engine.experimental) {
      throw new UnsupportedByEngineError(
        "squash",
        "Build option squash needs an engine with experimental features (`experimental: true` in daemon.json).",
      );
    }
    set("squash", true);
  }
  if (options.extraHosts.length > 0) {
    needs("extraHosts", "1.27");
    for (const host of extraHostValues(options.extraHosts, engine)) query.append("extrahosts", host);
  }
  if (options.target !== undefined) {
    needs("target", "1.29");
    set("target", options.target);
  }
  if (options.platform !== undefined) {
    needs("platform", "1.32");
    set("platform", options.platform);
  }
  set("isolation", options.isolation);
  setLimits(options, set);
  setBuildKit(input, set, needs);
  return query;
}

/** A proxy counts as given in either spelling: BuildKit takes one of the two by chance, which must not be the file's. */
export function proxiesNotGiven(
  proxies: Record<string, string>,
  given: Record<string, unknown> = {},
): Record<string, string> {
  const names = new Set(Object.keys(given).map((name) => name.toLowerCase()));
  return Object.fromEntries(Object.entries(proxies).filter(([name]) => !names.has(name.toLowerCase())));
}

type Setter = (name: string, value: string | number | boolean | undefined) => void;

function setLimits({ containerLimits = {}, ...options }: CheckedBuildOptions, set: Setter): void {
  const { memory, memswap } = containerLimits;
  if (memory !== undefined) set("memory", parseByteSize("containerLimits.memory", memory));
  if (memswap !== undefined) set("memswap", memswap === -1 ? -1 : parseByteSize("containerLimits.memswap", memswap));
  set("cpushares", containerLimits.cpushares);
  set("cpusetcpus", containerLimits.cpusetcpus);
  set("cpuperiod", options.cpuPeriod);
  set("cpuquota", options.cpuQuota);
  set("cpusetmems", options.cpusetMems);
  set("cgroupparent", options.cgroupParent);
  if (options.ulimits && options.ulimits.length > 0) {
    set(
      "ulimits",
      JSON.stringify(options.ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard }))),
    );
  }
}

function setBuildKit(input: BuildQueryInput, set: Setter, needs: (option: string, version: string) => void): void {
  if (input.builder !== "buildkit") return;
  set("version", "2");
  set("buildid", input.buildId);
  set("session", input.sessionId);
  const outputs = input.options.outputs ?? [];
  if (outputs.length === 0) return;
  needs("outputs", "1.40");
  set("outputs", JSON.stringify(outputs.map(({ type, attrs }) => ({ Type: type, Attrs: attrs ?? {} }))));
}

/** Docker reads the parameter once for each host, Podman once as a JSON list. */
function extraHostValues(hosts: readonly string[], engine: EnginePing): string[] {
  return engine.isPodman ? [JSON.stringify(hosts)] : [...hosts];
}
