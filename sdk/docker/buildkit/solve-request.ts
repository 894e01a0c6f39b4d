import type { BuildCaches, CacheEntry } from "./build-caches.ts";
import type { BuildAttestations, BuildOutput } from "./buildkit-options.ts";
import { parseByteSize } from "../byte-size.ts";
import { formatImageRef, parseImageRef } from "../image-ref.ts";
import type { CacheOptionsEntry, SolveRequest } from "../protos/generated/control.ts";

/** What of a build's options a Solve request says. */
export interface SolveOptions {
  target?: string | undefined;
  /** `os/arch[/variant]`, several with commas between them. Absent for the builder's own. */
  platform?: string | undefined;
  labels?: Readonly<Record<string, string>> | undefined;
  /** Default false, as `pull`. */
  noCache?: boolean | undefined;
  pull?: boolean | undefined;
  networkMode?: string | undefined;
  /** Bytes, or text such as `64m`. */
  shmSize?: number | string | undefined;
  /** Lines for /etc/hosts, each `name:address`. */
  extraHosts: readonly string[];
  ulimits?: readonly { name: string; soft: number; hard: number }[] | undefined;
  attest?: BuildAttestations | undefined;
  /** Where the result goes. */
  outputs?: readonly BuildOutput[] | undefined;
  /** Names for the image. */
  tags: readonly string[];
}

/** What a Solve request is made of. */
export interface SolveInput {
  ref: string;
  sessionId: string;
  options: SolveOptions;
  /** Where the result goes when `outputs` does not say: to the engine's images, or out as an archive of the image. */
  exporter: "moby" | "docker";
  /** Path of the Dockerfile, when it is not `Dockerfile`. */
  dockerfile: string | undefined;
  /** URL of the context; absent when the daemon asks the session for its files. */
  contextUrl: string | undefined;
  buildArgs: Record<string, string | null>;
  /** Where cache comes from and goes to. */
  caches: Pick<BuildCaches, "imports" | "exports">;
  /** Where named contexts come from, by name. */
  contexts: ReadonlyMap<string, string>;
  /** Address that `host-gateway` stands for. */
  hostGateway: string | undefined;
}

/** Options as the Dockerfile frontend and the exporters name them (buildkit, frontend/dockerui/config.go). */
export function solveRequest(input: SolveInput): SolveRequest {
  const { options } = input;
  const { imports, exports } = input.caches;
  return {
    Ref: input.ref,
    Session: input.sessionId,
    Frontend: "dockerfile.v0",
    FrontendAttrs: toMap({
      ...frontendAttrs(input),
      ...(imports.length > 0 ? { "cache-imports": cacheImports(imports) } : {}),
    }),
    Cache: { Exports: exports.map(cacheEntry), Imports: imports.map(cacheEntry) },
    Entitlements: options.networkMode === "host" ? ["network.host"] : [],
    ...exporters(input),
  };
}

function toMap(attrs: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(Object.entries(attrs));
}

function cacheEntry({ type, attrs }: CacheEntry): CacheOptionsEntry {
  return { Type: type, Attrs: toMap(attrs) };
}

/** The frontend takes them once more, as JSON. */
function cacheImports(imports: readonly CacheEntry[]): string {
  return JSON.stringify(imports.map(({ type, attrs }) => ({ Type: type, Attrs: attrs })));
}

/** As the frontend takes them: `mode=max`, `generator=image`, or nothing for its defaults. */
function attestAttrs({ provenance, sbom }: BuildAttestations): Record<string, string> {
  return {
    ...(provenance ? { "attest:provenance": `mode=${provenance === true ? "min" : provenance}` } : {}),
    ...(sbom ? { "attest:sbom": sbom === true ? "" : `generator=${sbom}` } : {}),
  };
}

function frontendAttrs({
  options,
  dockerfile,
  contextUrl,
  buildArgs,
  hostGateway,
  contexts,
}: SolveInput): Record<string, string> {
  const attrs: Record<string, string> = attestAttrs(options.attest ?? {});
  for (const [name, source] of contexts) attrs[`context:${name}`] = source;
  if (contextUrl !== undefined) attrs.context = contextUrl;
  if (dockerfile !== undefined) attrs.filename = dockerfile;
  if (options.target !== undefined) attrs.target = options.target;
  if (options.platform !== undefined) attrs.platform = options.platform;
  if (options.noCache) attrs["no-cache"] = "";
  if (options.pull) attrs["image-resolve-mode"] = "pull";
  if (options.networkMode !== undefined && options.networkMode !== "default")
    attrs["force-network-mode"] = options.networkMode;
  if (options.extraHosts.length > 0)
    attrs["add-hosts"] = options.extraHosts.map((host) => hostAttr(host, hostGateway)).join(",");
  if (options.shmSize !== undefined) attrs["shm-size"] = String(parseByteSize("shmSize", options.shmSize));
  if (options.ulimits?.length)
    attrs.ulimit = options.ulimits.map(({ name, soft, hard }) => `${name}=${soft}:${hard}`).join(",");
  // A declared argument without a value is one that is not given.
  for (const [name, value] of Object.entries(buildArgs)) if (value !== null) attrs[`build-arg:${name}`] = value;
  for (const [name, value] of Object.entries(options.labels ?? {})) attrs[`label:${name}`] = value;
  return attrs;
}

/** POST /build resolves `host-gateway` in the engine; BuildKit alone does not know the word. */
function hostAttr(host: string, hostGateway: string | undefined): string {
  const [, name = "", address = ""] = /^([^:]*):(.*)$/s.exec(host) ?? [];
  return `${name}=${address === "host-gateway" ? (hostGateway ?? address) : address}`;
}

function exporters({
  options,
  exporter: byDefault,
}: SolveInput): Pick<SolveRequest, "Exporters" | "ExporterDeprecated" | "ExporterAttrsDeprecated"> {
  const { type, attrs: given = {} } = options.outputs?.[0] ?? { type: byDefault };
  // To a daemon, no exporter means that the result stays in its cache.
  if (type === "cacheonly") return { Exporters: [], ExporterDeprecated: "", ExporterAttrsDeprecated: new Map() };
  const named = NAMED.has(type) && options.tags.length > 0 && given.name === undefined;
  const attrs = toMap({ ...(named ? { name: options.tags.map(fullName).join(",") } : {}), ...given });
  // Daemons before 0.13 read the deprecated ones.
  return { Exporters: [{ Type: type, Attrs: attrs }], ExporterDeprecated: type, ExporterAttrsDeprecated: attrs };
}

/** Exporters that give names to what they write. */
const NAMED = new Set(["moby", "image", "docker", "oci"]);

/** With registry and tag: POST /build completes names in the engine, an exporter takes them as they are. */
function fullName(tag: string): string {
  return formatImageRef(parseImageRef(tag));
}
