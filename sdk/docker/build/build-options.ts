import { object } from "../../arguments/index.ts";
import type { Readable } from "node:stream";
import { z } from "zod";
import type { BuildContext } from "../../context/index.ts";
import type { ListedContext } from "./listed-context.ts";
import { DockerOptionError, ImageRefError } from "../errors.ts";
import { check } from "../argument-rules.ts";
import { explainIssue } from "../explain-issue.ts";
import { parseImageRef } from "../image-ref.ts";
import { parseByteSize } from "../byte-size.ts";

const Tar = z.custom<Readable | Uint8Array | AsyncIterable<Uint8Array>>(
  (value) => value instanceof Uint8Array || isAsyncIterable(value),
  "Expected a stream or bytes",
);
const Context = z.custom<BuildContext | ListedContext | Readable | Uint8Array | AsyncIterable<Uint8Array>>(
  (value) => typeof value === "object" && value !== null,
  "Expected a build context, a stream or bytes",
);
const Signal = z.custom<AbortSignal>((value) => value instanceof AbortSignal, "Expected an AbortSignal");
const Size = z.union([z.number().int().nonnegative(), z.string()]);
const Strings = z.union([z.string(), z.array(z.string())]);

/** Resources of the containers that `RUN` commands of the classic builder run in. */
export const ContainerLimits = z.strictObject({
  /** Bytes, or text such as `512m`. */
  memory: Size.optional(),
  /** Memory and swap together; -1 = unlimited swap. */
  memswap: z.union([z.number().int().gte(-1), z.string()]).optional(),
  /** Relative weight among containers. */
  cpushares: z.number().int().nonnegative().optional(),
  /** CPUs to use, such as `0-2` or `0,1`; a number is one of them. */
  cpusetcpus: z.union([z.string(), z.number().int().nonnegative()]).optional(),
});
export type ContainerLimits = z.infer<typeof ContainerLimits>;

/** A secret for `RUN --mount=type=secret`: never part of the image, the cache, the history or the query. */
export const BuildSecret = z.union([
  z.strictObject({ id: z.string().min(1), value: z.union([z.string(), z.instanceof(Uint8Array)]) }),
  z.strictObject({ id: z.string().min(1), file: z.string().min(1) }),
  z.strictObject({ id: z.string().min(1), env: z.string().min(1) }),
]);
export type BuildSecret = z.infer<typeof BuildSecret>;

/** An SSH agent for `RUN --mount=type=ssh`. */
export const BuildSsh = z.strictObject({
  /** As in `--mount=type=ssh,id=…`; `default` when that names none. */
  id: z.string().min(1).default("default"),
  /** Socket of the agent; default SSH_AUTH_SOCK. */
  socket: z.string().optional(),
});

/** Where BuildKit puts the result, instead of the engine's images. */
export const BuildOutput = z.strictObject({
  /**
   * `image`: the builder's own images, and with the attribute `push: "true"` the registry. `cacheonly`: nowhere.
   * `tar` (the root file system), `oci`, `docker` (archives of the image): the file `dest`. `local`: the root file system
   * as files in the folder `dest`, beside what is there.
   */
  type: z.enum(["image", "cacheonly", "tar", "oci", "docker", "local"]),
  /** File to write, for the types that are archives; with `local`, the folder. */
  dest: z.string().min(1).optional(),
  /** Attributes of BuildKit's exporter, such as `{ name: "registry.example/app:1", push: "true" }`. */
  attrs: z.record(z.string(), z.string()).optional(),
});
export type BuildOutput = z.infer<typeof BuildOutput>;

/** Where BuildKit writes its cache for other builds. */
export const BuildCacheTarget = z.union([
  z.literal("inline"),
  z.strictObject({
    type: z.literal("registry"),
    /** Image to push it as. */
    ref: z.string().min(1),
    /** `min`: the layers of the result; `max`: those of every step. Default `min`. */
    mode: z.enum(["min", "max"]).optional(),
    /** More attributes of BuildKit's exporter, such as `{ "image-manifest": "true" }`. */
    attrs: z.record(z.string(), z.string()).optional(),
  }),
]);
export type BuildCacheTarget = z.infer<typeof BuildCacheTarget>;

/** What BuildKit says of an image in attestations, which are manifests beside the image's own. */
export const BuildAttestations = z.strictObject({
  /** How it was built (SLSA). `true` is `min`; `max` names build arguments and the Dockerfile too. Default none. */
  provenance: z.union([z.boolean(), z.enum(["min", "max"])]).optional(),
  /** What is in it (SPDX): `true`, or the image of a scanner. Default none. */
  sbom: z.union([z.boolean(), z.string().min(1)]).optional(),
});
export type BuildAttestations = z.infer<typeof BuildAttestations>;

const Ulimit = z.strictObject({ name: z.string(), soft: z.number().int(), hard: z.number().int() });

const Pem = z.union([z.string(), z.instanceof(Buffer)]);

/** A BuildKit daemon to build on, in place of the one in the engine. */
export const BuildKitDaemon = z.strictObject({
  /** `unix:///path/to/buildkitd.sock` or `tcp://host:port`. */
  address: z.string().min(1),
  /** Certificates of a TLS connection. */
  tls: z
    .strictObject({
      ca: Pem.optional(),
      cert: Pem.optional(),
      key: Pem.optional(),
      rejectUnauthorized: z.boolean().optional(),
    })
    .optional(),
});
export type BuildKitDaemon = z.infer<typeof BuildKitDaemon>;

const RegistryAuth = z.union([
  z.strictObject({ username: z.string(), password: z.string() }),
  z.strictObject({ identityToken: z.string() }),
  z.strictObject({ registryToken: z.string() }),
]);

/** Options of an image build. One of `path`, `context` and `fileobj` says what to build; all else has a default. */
export const BuildOptions = z.strictObject({
  /** Folder to build, or the URL of a Git repository, a tar archive or a Dockerfile that the engine fetches itself. */
  path: z.string().min(1).optional(),
  /** What to build: a context that was read before, or a tar archive. */
  context: Context.optional(),
  /** A Dockerfile to build without any context; with `customContext`, a tar archive. */
  fileobj: z.union([z.string(), Tar]).optional(),
  /** `fileobj` is a tar archive. Default false. */
  customContext: z.boolean().optional(),
  /** Compression that a given archive has. Default `identity`. */
  encoding: z.enum(["identity", "gzip", "bzip2", "xz"]).optional(),
  /** Dockerfile to use, relative to `path` or absolute; it may lie outside of `path`. Default `Dockerfile`. */
  dockerfile: z.string().min(1).optional(),
  /** Text of the Dockerfile, in place of a file. */
  dockerfileContent: z.string().optional(),
  /** Names for the image. */
  tags: Strings.optional(),
  /** Build arguments; `null` declares one and leaves it unset. */
  buildArgs: z.record(z.string().min(1), z.string().nullable()).optional(),
  /** Stage to build. Default the last one. */
  target: z.string().optional(),
  /** `os/arch[/variant]` to build for. Several, as a list or with commas, give one image for each, under one index. */
  platform: Strings.optional(),
  /**
   * More contexts that the Dockerfile uses by name (`COPY --from=name`, `FROM name`): folders of this machine, images
   * (`docker-image://…`), URLs of Git repositories and archives. An image that the Dockerfile names is replaced by its name.
   */
  contexts: z.record(z.string().min(1), z.string().min(1)).optional(),
  labels: z.record(z.string().min(1), z.string()).optional(),
  /** Build every step anew. Default false. */
  noCache: z.boolean().optional(),
  /** Ask registries for newer base images. Default false. */
  pull: z.boolean().optional(),
  /** Network of `RUN` commands: `default`, `none`, `host`; with the classic builder also the name of a network. */
  networkMode: z.string().optional(),
  /** Size of /dev/shm: bytes, or text such as `64m`. */
  shmSize: Size.optional(),
  /** Lines for /etc/hosts, by host name, or as `name:address`. */
  extraHosts: z.union([z.record(z.string(), z.string()), z.array(z.string())]).optional(),
  /** Images whose layers may serve as cache. */
  cacheFrom: Strings.optional(),
  /** Compress what is sent. Default false, as the engine is mostly near. */
  gzip: z.boolean().optional(),
  /** No progress, only the result. Default false. */
  quiet: z.boolean().optional(),
  /** Remove the classic builder's intermediate containers after success. Default true. */
  rm: z.boolean().optional(),
  /** Remove them after failure too. Default false. */
  forcerm: z.boolean().optional(),
  /** Resources of the classic builder's containers. */
  containerLimits: ContainerLimits.optional(),
  /** One layer for the whole build; the classic builder of an experimental engine only. Default false. */
  squash: z.boolean().optional(),
  /** Isolation of a Windows engine's containers. */
  isolation: z.string().optional(),
  /** Limits of processes in `RUN` commands. */
  ulimits: z.array(Ulimit).optional(),
  cpuPeriod: z.number().int().nonnegative().optional(),
  cpuQuota: z.number().int().nonnegative().optional(),
  cpusetMems: z.string().optional(),
  cgroupParent: z.string().optional(),
  /** Proxies of Docker's configuration file as build arguments; those in `buildArgs` win. Default true. */
  useConfigProxy: z.boolean().optional(),
  /** Stop the build after this long. Default no limit. */
  timeoutMs: z.number().positive().optional(),
  /**
   * Builder; `auto` takes BuildKit where the engine has it and nothing that was asked for needs the classic one. A
   * BuildKit daemon by its address builds there, and the result is loaded into the engine unless `outputs` says otherwise.
   */
  builder: z.union([z.enum(["auto", "buildkit", "classic"]), BuildKitDaemon]).optional(),
  /** Secrets of `RUN --mount=type=secret`. BuildKit only. */
  secrets: z.array(BuildSecret).optional(),
  /** Agents of `RUN --mount=type=ssh`. BuildKit only. */
  ssh: z.array(BuildSsh).optional(),
  /** Where the result goes. BuildKit only. Default: the engine's images. */
  outputs: z.array(BuildOutput).max(1, "The engine takes one output").optional(),
  /**
   * `inline` puts cache facts into the image, so that it can serve as `cacheFrom`; `registry` pushes the cache as an image of
   * its own. BuildKit only.
   */
  cacheTo: z.union([BuildCacheTarget, z.array(BuildCacheTarget)]).optional(),
  /** Attestations to make; none unless asked for. They are kept where images are: give an output of the type `image` or `oci`. */
  attest: BuildAttestations.optional(),
  /**
   * Name for the build on the engine, by which others can cancel it there. Default a random one. Where the build goes by
   * gRPC (a BuildKit daemon, an engine with API 1.53 or newer) it ends by its own `cancel` alone.
   */
  buildId: z.string().min(1).optional(),
  /** Credentials by registry host; they win over those of Docker's configuration. */
  auth: z.record(z.string(), RegistryAuth).optional(),
  /** Aborting it stops the build on the engine. */
  signal: Signal.optional(),
  /** docker-py's spelling of `tags`. */
  tag: Strings.optional(),
  /** docker-py's spelling of `buildArgs`. */
  buildargs: z.record(z.string().min(1), z.string().nullable()).optional(),
  /** docker-py's spelling of `noCache`. */
  nocache: z.boolean().optional(),
  /** docker-py's spelling of `shmSize`. */
  shmsize: Size.optional(),
  /** docker-py's spelling of `timeoutMs`, in seconds. */
  timeout: z.number().positive().optional(),
  /** `false` makes iteration give the engine's bytes as they come. Default true. */
  decode: z.boolean().optional(),
});
export type BuildOptions = z.input<typeof BuildOptions>;

/** Options checked and completed, docker-py's spellings folded in. */
export type CheckedBuildOptions = Omit<
  z.output<typeof BuildOptions>,
  | "tag"
  | "tags"
  | "buildargs"
  | "nocache"
  | "shmsize"
  | "timeout"
  | "cacheFrom"
  | "cacheTo"
  | "platform"
  | "extraHosts"
  | "useConfigProxy"
  | "builder"
> & {
  tags: string[];
  cacheFrom: string[];
  cacheTo: BuildCacheTarget[];
  /** Absent for the builder's own. */
  platform?: string;
  extraHosts: string[];
  useConfigProxy: boolean;
  builder: "auto" | "buildkit" | "classic" | BuildKitDaemon;
};

const SPELLINGS = [
  ["tag", "tags"],
  ["buildargs", "buildArgs"],
  ["nocache", "noCache"],
  ["shmsize", "shmSize"],
  ["timeout", "timeoutMs"],
] as const;

/**
 * Checks options before anything is sent.
 *
 * @throws DockerOptionError naming the option, ImageRefError for a bad name
 */
export function checkBuildOptions(options: BuildOptions): CheckedBuildOptions {
  check("build", { options: object }, { options });
  const parsed = BuildOptions.safeParse(options);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const { name, reason } = explainIssue(issue!, options, Object.keys(BuildOptions.shape));
    throw new DockerOptionError(name, `Build option ${name}: ${reason}${reason.endsWith("?") ? "" : "."}`);
  }
  const { tag, buildargs, nocache, shmsize, timeout, ...rest } = parsed.data;
  for (const [theirs, ours] of SPELLINGS) {
    if (parsed.data[theirs] !== undefined && parsed.data[ours] !== undefined) {
      throw new DockerOptionError(theirs, `Build options ${theirs} and ${ours} are one option. Give one of them.`);
    }
  }
  const given = {
    ...rest,
    ...optional("buildArgs", rest.buildArgs ?? buildargs),
    ...optional("noCache", rest.noCache ?? nocache),
    ...optional("shmSize", rest.shmSize ?? shmsize),
    ...optional("timeoutMs", rest.timeoutMs ?? (timeout === undefined ? undefined : timeout * 1000)),
    tags: toList(rest.tags ?? tag),
    cacheFrom: toList(rest.cacheFrom),
    cacheTo: rest.cacheTo === undefined ? [] : [rest.cacheTo].flat(),
    platform: toList(rest.platform).join(",") || undefined,
    extraHosts: Array.isArray(rest.extraHosts)
      ? rest.extraHosts
      : Object.entries(rest.extraHosts ?? {}).map(([name, address]) => `${name}:${address}`),
    useConfigProxy: rest.useConfigProxy ?? true,
    builder: rest.builder ?? "auto",
  };
  checkSource(given);
  checkValues(given);
  return given;
}

function checkSource(options: CheckedBuildOptions): void {
  const given = (["path", "context", "fileobj"] as const).filter((name) => options[name] !== undefined);
  if (given.length === 0) {
    throw new DockerOptionError("path", "A build needs something to build: give path, context or fileobj.");
  }
  if (given.length > 1) {
    throw new DockerOptionError(
      given[1]!,
      `Build options ${given.join(" and ")} exclude one another. Give one of them.`,
    );
  }
  if (options.customContext && options.fileobj === undefined) {
    throw new DockerOptionError("customContext", "Build option customContext needs fileobj, the archive.");
  }
  if (options.customContext && typeof options.fileobj === "string") {
    throw new DockerOptionError("fileobj", "With customContext, fileobj must be a stream or bytes, not text.");
  }
  if (options.encoding !== undefined) {
    if (options.gzip) {
      throw new DockerOptionError(
        "encoding",
        "Build option encoding says how the archive is compressed, so gzip cannot be given too.",
      );
    }
    if (options.path !== undefined || (options.fileobj !== undefined && !options.customContext)) {
      throw new DockerOptionError(
        "encoding",
        "Build option encoding is for an archive of your own (context, or customContext with fileobj).",
      );
    }
  }
  if (options.dockerfile !== undefined && options.dockerfileContent !== undefined) {
    throw new DockerOptionError(
      "dockerfileContent",
      "Build options dockerfile and dockerfileContent exclude one another.",
    );
  }
  if (options.dockerfileContent !== undefined && options.path === undefined) {
    throw new DockerOptionError(
      "dockerfileContent",
      "Build option dockerfileContent needs path, the folder that it builds.",
    );
  }
}

function checkValues(options: CheckedBuildOptions): void {
  for (const tag of options.tags) {
    if (parseImageRef(tag).digest !== null) throw new ImageRefError(tag, "a name to give cannot have a digest");
  }
  if (options.shmSize !== undefined) parseByteSize("shmSize", options.shmSize);
  for (const name of ["memory", "memswap"] as const) {
    const size = options.containerLimits?.[name];
    if (size !== undefined && size !== -1) parseByteSize(`containerLimits.${name}`, size);
  }
  for (const host of options.extraHosts) {
    if (!/^[^:\s]+:\S+$/.test(host)) {
      throw new DockerOptionError("extraHosts", `Extra host ${JSON.stringify(host)} is not of the form name:address.`);
    }
  }
  for (const { type, dest } of options.outputs ?? []) {
    const comesHere = type !== "image" && type !== "cacheonly";
    if (comesHere !== (dest !== undefined)) {
      throw new DockerOptionError(
        "outputs",
        `The output ${type} ${comesHere ? `needs dest, the ${type === "local" ? "folder" : "file"} to write` : "writes no file (dest)"}.`,
      );
    }
  }
  const [first] = options.outputs ?? [];
  if (isForSeveral(options) && (first === undefined || first.type === "docker" || first.type === "tar")) {
    throw new DockerOptionError(
      "platform",
      `An image for several platforms (${options.platform}) is no image of an engine. Say in outputs where it goes: image ` +
        `with push: "true", oci or local.`,
    );
  }
  const { provenance, sbom } = options.attest ?? {};
  if ((provenance || sbom) && !["image", "oci"].includes(first?.type ?? "")) {
    throw new DockerOptionError(
      "attest",
      "Attestations need an output of the type image or oci, which has room for them.",
    );
  }
  const secretIds = new Set<string>();
  for (const { id } of options.secrets ?? []) {
    if (secretIds.has(id)) throw new DockerOptionError("secrets", `There are two secrets with the id ${id}.`);
    secretIds.add(id);
  }
}

/** Whether an image is built for more than one platform. */
export function isForSeveral({ platform }: Pick<CheckedBuildOptions, "platform">): boolean {
  return platform?.includes(",") ?? false;
}

function toList(value: string | string[] | undefined): string[] {
  return typeof value === "string" ? [value] : (value ?? []);
}

function optional<K extends string, V>(name: K, value: V | undefined): { [name in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { [name in K]?: V };
}

function isAsyncIterable(value: unknown): boolean {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
