import type { Readable } from "node:stream";
import * as z from "zod";
import type { BuildContext } from "../../context/index.ts";
import {
  BuildAttestations,
  BuildCacheSource,
  BuildCacheTarget,
  BuildKitDaemon,
  BuildOutput,
} from "../buildkit/buildkit-options.ts";
import { BuildSecret, BuildSsh } from "../session/session-options.ts";
import type { ListedContext } from "./listed-context.ts";

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

const Ulimit = z.strictObject({ name: z.string(), soft: z.number().int(), hard: z.number().int() });

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
  /**
   * `fileobj` is a tar archive.
   *
   * @default false
   */
  customContext: z.boolean().optional(),
  /**
   * Compression that a given archive has.
   *
   * @default `identity`
   */
  encoding: z.enum(["identity", "gzip", "bzip2", "xz"]).optional(),
  /**
   * Dockerfile to use, relative to `path` or absolute; it may lie outside of `path`.
   *
   * @default `Dockerfile`
   */
  dockerfile: z.string().min(1).optional(),
  /** Text of the Dockerfile, in place of a file. */
  dockerfileContent: z.string().optional(),
  /** Names for the image. */
  tags: Strings.optional(),
  /** Build arguments; `null` declares one and leaves it unset. */
  buildArgs: z.record(z.string().min(1), z.string().nullable()).optional(),
  /**
   * Stage to build.
   *
   * @default the last one
   */
  target: z.string().optional(),
  /** `os/arch[/variant]` to build for. Several, as a list or with commas, give one image for each, under one index. */
  platform: Strings.optional(),
  /**
   * More contexts that the Dockerfile uses by name (`COPY --from=name`, `FROM name`): folders of this machine, images
   * (`docker-image://…`), URLs of Git repositories and archives. An image that the Dockerfile names is replaced by its name.
   */
  contexts: z.record(z.string().min(1), z.string().min(1)).optional(),
  labels: z.record(z.string().min(1), z.string()).optional(),
  /**
   * Build every step again.
   *
   * @default false
   */
  noCache: z.boolean().optional(),
  /**
   * Ask registries for newer base images.
   *
   * @default false
   */
  pull: z.boolean().optional(),
  /** Network of `RUN` commands: `default`, `none`, `host`; with the classic builder also the name of a network. */
  networkMode: z.string().optional(),
  /** Size of /dev/shm: bytes, or text such as `64m`. */
  shmSize: Size.optional(),
  /** Lines for /etc/hosts, by host name, or as `name:address`. */
  extraHosts: z.union([z.record(z.string(), z.string()), z.array(z.string())]).optional(),
  /** Images whose layers may serve as cache, and folders that a `cacheTo` of the type `local` wrote (BuildKit's own API). */
  cacheFrom: z.union([BuildCacheSource, z.array(BuildCacheSource)]).optional(),
  /**
   * Compress what is sent: for an engine that is far away.
   *
   * @default false
   */
  gzip: z.boolean().optional(),
  /**
   * No progress, only the result.
   *
   * @default false
   */
  quiet: z.boolean().optional(),
  /**
   * Remove the classic builder's intermediate containers after success.
   *
   * @default true
   */
  rm: z.boolean().optional(),
  /**
   * Remove them after failure too.
   *
   * @default false
   */
  forcerm: z.boolean().optional(),
  /** Resources of the classic builder's containers. */
  containerLimits: ContainerLimits.optional(),
  /**
   * One layer for the whole build; the classic builder of an experimental engine only.
   *
   * @default false
   */
  squash: z.boolean().optional(),
  /** Isolation of a Windows engine's containers. */
  isolation: z.string().optional(),
  /** Limits of processes in `RUN` commands. */
  ulimits: z.array(Ulimit).optional(),
  cpuPeriod: z.number().int().nonnegative().optional(),
  cpuQuota: z.number().int().nonnegative().optional(),
  cpusetMems: z.string().optional(),
  cgroupParent: z.string().optional(),
  /**
   * Proxies of Docker's configuration file as build arguments; those in `buildArgs` win.
   *
   * @default true
   */
  useConfigProxy: z.boolean().optional(),
  /**
   * Stop the build after this long.
   *
   * @default no limit
   */
  timeoutMs: z.number().positive().optional(),
  /**
   * Builder; `auto` takes BuildKit where the engine has it and nothing that was asked for needs the classic one. A
   * BuildKit daemon by its address builds there, and the result is loaded into the engine unless `outputs` says otherwise.
   *
   * @default `auto`
   */
  builder: z.union([z.enum(["auto", "buildkit", "classic"]), BuildKitDaemon]).optional(),
  /** Secrets of `RUN --mount=type=secret`. BuildKit only. */
  secrets: z.array(BuildSecret).optional(),
  /** Agents of `RUN --mount=type=ssh`. BuildKit only. */
  ssh: z.array(BuildSsh).optional(),
  /**
   * Where the result goes. BuildKit only.
   *
   * @default the engine's images
   */
  outputs: z.array(BuildOutput).max(1, "The engine accepts one output").optional(),
  /**
   * `inline` puts cache facts into the image, so that it can serve as `cacheFrom`; `registry` pushes the cache as an image of
   * its own; `local` writes it into a folder of this machine. BuildKit only; all but `inline` need BuildKit's own API.
   */
  cacheTo: z.union([BuildCacheTarget, z.array(BuildCacheTarget)]).optional(),
  /** Attestations to make; none unless asked for. They are kept where images are: give an output of the type `image` or `oci`. */
  attest: BuildAttestations.optional(),
  /**
   * Name for the build on the engine, by which others can cancel it there. Where the build goes by gRPC (a BuildKit daemon,
   * an engine with API 1.53 or newer) it ends by its own `cancel` alone.
   *
   * @default a random one
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
  /**
   * `false` makes iteration give the engine's bytes as they come.
   *
   * @default true
   */
  decode: z.boolean().optional(),
});
export type BuildOptions = z.input<typeof BuildOptions>;

function isAsyncIterable(value: unknown): boolean {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
