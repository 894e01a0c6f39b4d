import {
  anyText,
  either,
  flag,
  like,
  object,
  optional,
  options as optionsOf,
  positive,
  signal as abortSignal,
  text,
} from "../arguments/index.ts";
import { CANCELLABLE, check, EVENTS } from "./argument-rules.ts";
import { homedir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import type { EngineApi } from "./engine-api.ts";
import { DEFAULT_ENGINE_HOST, parseEngineHost } from "./engine-host.ts";
import { type EnginePing, readEnginePing } from "./engine-ping.ts";
import { type EngineTls, readTlsFolder } from "./engine-tls.ts";
import { type EngineRequest, EngineTransport, PING_PATH } from "./engine-transport.ts";
import type { EngineTimeLimits } from "./time-limits.ts";
import { type EngineEvent, type EngineEventOptions, readEngineEvents } from "./events.ts";
import { EngineContainers } from "./containers.ts";
import { EngineImages } from "./images.ts";
import { EngineNetworks } from "./networks.ts";
import { ImageBuild } from "./build/image-build.ts";
import type { BuildOptions } from "./build/build-options.ts";
import type { BuildProgress } from "./build/progress.ts";
import { DockerConfig } from "./auth/docker-config.ts";
import { readConnectionConfig } from "./connection-config.ts";
import { readDockerContext } from "./docker-context.ts";
import { DockerOptionError } from "./errors.ts";
import { buildCacheUsage, type BuildCacheUsage } from "./build-cache-usage.ts";
import { pruneBuilds, type PruneBuildsOptions, type PruneBuildsResult } from "./prune.ts";

/** How to reach an engine; every member has Docker's own default. */
export interface DockerEngineOptions {
  /**
   * Engine address, such as `unix:///var/run/docker.sock`, `tcp://host:2376`, `ssh://user@host`.
   *
   * @default DOCKER_HOST, else the local socket
   */
  host?: string;
  /**
   * Name of a Docker context to use; `default` stands for DOCKER_HOST, else the local socket, whatever context is chosen.
   *
   * @default DOCKER_CONTEXT, else the one chosen with `docker context use`, unless DOCKER_HOST or `host` says otherwise
   */
  context?: string;
  /**
   * Environment that DOCKER_HOST, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH and DOCKER_CONFIG are read from.
   *
   * @default this process's
   */
  env?: Record<string, string | undefined>;
  /**
   * Folder of Docker's `config.json`.
   *
   * @default DOCKER_CONFIG, else `~/.docker`
   */
  configDir?: string;
  /**
   * Certificates for a `tcp` address, which then means TLS.
   *
   * @default those of DOCKER_CERT_PATH, if that or DOCKER_TLS_VERIFY is set
   */
  tls?: EngineTls;
  /**
   * How long the engine may take for a call.
   *
   * @default {@link ENGINE_TIME_LIMITS}, member by member
   */
  timeLimits?: Partial<EngineTimeLimits>;
}

const pem = either(
  anyText,
  like("bytes", (value) => value instanceof Uint8Array),
);
const ENGINE = optionsOf<DockerEngineOptions>({
  host: text,
  context: text,
  env: object,
  configDir: text,
  tls: optionsOf<EngineTls>({
    ca: { ...pem, isSecret: true },
    cert: { ...pem, isSecret: true },
    key: { ...pem, isSecret: true },
    rejectUnauthorized: flag,
  }),
  timeLimits: optionsOf<EngineTimeLimits>({ lookMs: positive, changeMs: positive, silenceMs: positive }),
});

/** Facts of the engine's `/version`; unknown members are kept. */
export const EngineVersion = z.looseObject({
  Version: z.string(),
  ApiVersion: z.string(),
  MinAPIVersion: z.string().optional(),
  Os: z.string(),
  Arch: z.string(),
  Components: z.array(z.looseObject({ Name: z.string(), Version: z.string() })).optional(),
});
export type EngineVersion = z.infer<typeof EngineVersion>;

/** Facts of the engine and its host, of `/info`; unknown members are kept. */
export const EngineInfo = z.looseObject({
  /** CPUs of the host. */
  NCPU: z.number(),
  /** Bytes of memory of the host. */
  MemTotal: z.number(),
  /** Storage driver, such as `overlay2`. */
  Driver: z.string(),
  /** What the storage driver says of itself, as pairs of a name and a value. */
  DriverStatus: z.array(z.array(z.string())).nullish(),
  /** Such as `name=seccomp,profile=default`, `name=userns`, `name=rootless`. */
  SecurityOptions: z.array(z.string()).nullish(),
  /** Whether it can bound the memory, the CPU time and the processes of a container; a rootless engine without cgroup v2 cannot. */
  MemoryLimit: z.boolean().optional(),
  CpuCfsQuota: z.boolean().optional(),
  PidsLimit: z.boolean().optional(),
});
export type EngineInfo = z.infer<typeof EngineInfo>;

/**
 * A Docker Engine, over a unix socket, TCP, TLS or SSH. Opens connections as they are needed; call `close` at the end.
 *
 * @example
 * ```ts
 * const engine = new DockerEngine();
 * const { imageId } = await engine.build({ path: "./app", tags: ["app:1"] }).done;
 * await engine.close();
 * ```
 */
export class DockerEngine implements EngineApi {
  readonly images: EngineImages;
  readonly containers: EngineContainers;
  readonly networks: EngineNetworks;
  /** Docker's configuration folder: credentials, credential helpers, proxies. */
  readonly config: DockerConfig;
  readonly #transport: EngineTransport;
  #ping: Promise<EnginePing> | undefined;

  constructor(options: DockerEngineOptions = {}) {
    check("DockerEngine", { options: ENGINE }, { options });
    const env = options.env ?? process.env;
    const configDir = options.configDir ?? (env.DOCKER_CONFIG || join(env.HOME || homedir(), ".docker"));
    const { currentContext, httpHeaders } = readConnectionConfig(configDir);
    const { host, tls } = findEngine(options, env, configDir, currentContext);
    this.#transport = new EngineTransport(
      parseEngineHost(host, tls !== undefined),
      tls,
      httpHeaders,
      options.timeLimits,
    );
    this.config = new DockerConfig(configDir, env);
    this.images = new EngineImages(this);
    this.containers = new EngineContainers(this);
    this.networks = new EngineNetworks(this);
  }

  /** The address in use, as DOCKER_HOST spells it. */
  get host(): string {
    return this.#transport.host.display;
  }

  /** @internal */
  get transport(): EngineTransport {
    return this.#transport;
  }

  /** Asks the engine whether it is there. @throws EngineUnreachableError when it is not; EngineTimeoutError when it is frozen */
  async ping(options: { signal?: AbortSignal | undefined } = {}): Promise<EnginePing> {
    check("ping", { options: CANCELLABLE }, { options });
    const { headers, body } = await this.#transport.request({ method: "GET", path: PING_PATH, signal: options.signal });
    body.resume();
    return readEnginePing(headers);
  }

  /** The engine's version and those of its parts. */
  async version(options: { signal?: AbortSignal | undefined } = {}): Promise<EngineVersion> {
    check("version", { options: CANCELLABLE }, { options });
    return this.#transport.json({ method: "GET", path: "/version", signal: options.signal }, EngineVersion);
  }

  /** The engine's configuration and its host. */
  async info(options: { signal?: AbortSignal | undefined } = {}): Promise<EngineInfo> {
    check("info", { options: CANCELLABLE }, { options });
    return this.#transport.json(
      await this.versioned({ method: "GET", path: "/info", signal: options.signal }),
      EngineInfo,
    );
  }

  /** Builds an image. The build starts at once; read its progress, or await its `done`. */
  build(options: BuildOptions & { decode: false }): ImageBuild<Buffer>;
  build(options: BuildOptions): ImageBuild;
  build(options: BuildOptions): ImageBuild<BuildProgress | Buffer> {
    return new ImageBuild(this, options);
  }

  /** What happens at the engine from now on, until it goes away or `signal` ends it. */
  events(options: EngineEventOptions = {}): AsyncGenerator<EngineEvent> {
    check("events", { options: EVENTS }, { options });
    return readEngineEvents(this, options);
  }

  /** How much the build cache takes; `undefined` where the engine does not tell (Podman, API before 1.42). */
  async buildCacheUsage(options: { signal?: AbortSignal | undefined } = {}): Promise<BuildCacheUsage | undefined> {
    return buildCacheUsage(this, options);
  }

  /** Removes build cache. */
  async pruneBuilds(options: PruneBuildsOptions = {}): Promise<PruneBuildsResult> {
    return pruneBuilds(this, options);
  }

  /** The engine's facts, asked for once; a failure is not remembered. */
  async negotiate(signal?: AbortSignal): Promise<EnginePing> {
    check("negotiate", { signal: optional(abortSignal) }, { signal });
    signal?.throwIfAborted();
    // Shared by concurrent callers, so it must not end with the signal of one of them.
    const asked = (this.#ping ??= this.ping().catch((error: unknown) => {
      this.#ping = undefined;
      throw error;
    }));
    if (signal === undefined) return asked;
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = () => {
      // An engine that has kept one caller waiting too long is asked again by the next one.
      if (this.#ping === asked) this.#ping = undefined;
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await Promise.race([asked, aborted]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** A request whose path is completed with the negotiated API version. @internal */
  async versioned(request: EngineRequest): Promise<EngineRequest> {
    const { apiVersion } = await this.negotiate(request.signal);
    return { ...request, path: `/v${apiVersion}${request.path}` };
  }

  /** Closes every connection; what is under way fails. */
  async close(): Promise<void> {
    await this.#transport.close();
  }
}

/** Docker's own order: what the caller says, then DOCKER_HOST, then a context, then the local socket. */
function findEngine(
  { host, context, tls }: DockerEngineOptions,
  env: Record<string, string | undefined>,
  configDir: string,
  currentContext: string | undefined,
): { host: string; tls: EngineTls | undefined } {
  if (host !== undefined && context !== undefined) {
    throw new DockerOptionError("context", "An engine has a host or a context, not both.");
  }
  const isLeftToContext = host === undefined && !env.DOCKER_HOST;
  const name = context ?? (isLeftToContext ? env.DOCKER_CONTEXT || currentContext || undefined : undefined);
  const chosen = name === undefined ? undefined : readDockerContext(configDir, name);
  if (chosen) return { host: chosen.host, tls: tls ?? chosen.tls };
  return { host: host ?? (env.DOCKER_HOST || DEFAULT_ENGINE_HOST), tls: tls ?? tlsFromEnvironment(env, configDir) };
}

function tlsFromEnvironment(env: Record<string, string | undefined>, configDir: string): EngineTls | undefined {
  const verify = Boolean(env.DOCKER_TLS_VERIFY);
  if (!verify && !env.DOCKER_CERT_PATH) return undefined;
  return readTlsFolder(env.DOCKER_CERT_PATH || configDir, verify);
}
