import type { CheckedBuildOptions } from "../build/build-options.ts";
import { parseByteSize } from "../build/byte-size.ts";
import type { BuildSource } from "../build/build-source.ts";
import type { SolveRequest } from "./buildkit-client.ts";

/** What a Solve request is made of. */
export interface SolveInput {
  ref: string;
  sessionId: string;
  options: CheckedBuildOptions;
  source: Pick<BuildSource, "dockerfile">;
  /** Where the context is: the URL of the session's upload, or a remote one. */
  contextUrl: string;
  buildArgs: Record<string, string | null>;
}

/** The exporter whose result comes back as an archive for an engine to load. */
const DOCKER_EXPORTER = "docker";

/** Options as the Dockerfile frontend and the exporters name them (buildkit, frontend/dockerui/config.go). */
export function solveRequest({ ref, sessionId, options, source, contextUrl, buildArgs }: SolveInput): SolveRequest {
  const attrs: Record<string, string> = { context: contextUrl };
  if (source.dockerfile !== undefined) attrs.filename = source.dockerfile;
  if (options.target !== undefined) attrs.target = options.target;
  if (options.platform !== undefined) attrs.platform = options.platform;
  if (options.noCache) attrs["no-cache"] = "";
  if (options.pull) attrs["image-resolve-mode"] = "pull";
  if (options.networkMode !== undefined && options.networkMode !== "default")
    attrs["force-network-mode"] = options.networkMode;
  if (options.extraHosts.length > 0)
    attrs["add-hosts"] = options.extraHosts.map((host) => host.replace(":", "=")).join(",");
  if (options.shmSize !== undefined) attrs["shm-size"] = String(parseByteSize("shmSize", options.shmSize));
  if (options.ulimits?.length)
    attrs.ulimit = options.ulimits.map(({ name, soft, hard }) => `${name}=${soft}:${hard}`).join(",");
  // A declared argument without a value is one that is not given.
  for (const [name, value] of Object.entries(buildArgs)) if (value !== null) attrs[`build-arg:${name}`] = value;
  for (const [name, value] of Object.entries(options.labels ?? {})) attrs[`label:${name}`] = value;
  const imports = options.cacheFrom.map((image) => ({ Type: "registry", Attrs: { ref: image } }));
  if (imports.length > 0) attrs["cache-imports"] = JSON.stringify(imports);
  const { type, attrs: given = {} } = options.outputs?.[0] ?? { type: DOCKER_EXPORTER };
  const named: Record<string, string> =
    options.tags.length > 0 && given.name === undefined ? { name: options.tags.join(",") } : {};
  const exporter = { Type: type, Attrs: { ...named, ...given } };
  return {
    Ref: ref,
    Session: sessionId,
    Frontend: "dockerfile.v0",
    FrontendAttrs: attrs,
    Cache: { Exports: options.cacheTo === "inline" ? [{ Type: "inline", Attrs: {} }] : [], Imports: imports },
    Entitlements: options.networkMode === "host" ? ["network.host"] : [],
    // To a daemon, no exporter means that the result stays in its cache.
    ...(type === "cacheonly"
      ? { Exporters: [], ExporterDeprecated: "", ExporterAttrsDeprecated: {} }
      : // Daemons before 0.13 read the deprecated ones.
        { Exporters: [exporter], ExporterDeprecated: exporter.Type, ExporterAttrsDeprecated: exporter.Attrs }),
  };
}
