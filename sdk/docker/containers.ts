import { object, text } from "../arguments/index.ts";
import {
  CANCELLABLE,
  CREATE_CONTAINER,
  KILL,
  LIST,
  LOGS,
  REMOVE_CONTAINER,
  STOP,
  WAIT,
  check,
} from "./argument-rules.ts";
import * as z from "zod";
import type { Cancellable } from "./cancellable.ts";
import type { EngineApi } from "./engine-api.ts";
import type { EngineRequest } from "./engine-transport.ts";
import { EXEC, type ExecOptions, type ExecResult, runExec } from "./exec.ts";
import type { EngineFilters } from "./images.ts";
import { type OutputChunk, readLogFrames } from "./log-frames.ts";

/** A container as the engine describes it; members not named here are kept. */
export const ContainerInspect = z.looseObject({
  Id: z.string(),
  Name: z.string(),
  Created: z.string(),
  Image: z.string(),
  State: z.looseObject({
    Status: z.string(),
    Running: z.boolean(),
    Pid: z.number(),
    ExitCode: z.number(),
    OOMKilled: z.boolean().optional(),
    Paused: z.boolean().optional(),
    Error: z.string().optional(),
    StartedAt: z.string().optional(),
    FinishedAt: z.string().optional(),
  }),
  Config: z.looseObject({
    Image: z.string(),
    Env: z.array(z.string()).nullish(),
    Labels: z.record(z.string(), z.string()).nullish(),
    Tty: z.boolean().optional(),
  }),
  HostConfig: z.looseObject({}).nullish(),
  NetworkSettings: z
    .looseObject({
      /** Its networks by name, with its address in each. */
      Networks: z.record(z.string(), z.looseObject({ IPAddress: z.string().nullish() })).nullish(),
      Ports: z
        .record(z.string(), z.array(z.looseObject({ HostIp: z.string(), HostPort: z.string() })).nullable())
        .nullish(),
    })
    .nullish(),
});
export type ContainerInspect = z.infer<typeof ContainerInspect>;

/** One line of the engine's list of containers. */
export const ContainerSummary = z.looseObject({
  Id: z.string(),
  Names: z.array(z.string()),
  Image: z.string(),
  ImageID: z.string().optional(),
  State: z.string(),
  Status: z.string(),
  Created: z.number(),
  Labels: z.record(z.string(), z.string()).nullish(),
});
export type ContainerSummary = z.infer<typeof ContainerSummary>;

/** What a container is to be: the Engine API's own body of ContainerCreate, the usual members spelled out. */
export interface ContainerConfig {
  /** Image by name or ID. */
  Image: string;
  Cmd?: string[];
  Entrypoint?: string[];
  /** `NAME=value`, or `NAME` alone to unset one of the image. */
  Env?: string[];
  User?: string;
  WorkingDir?: string;
  Labels?: Record<string, string>;
  Tty?: boolean;
  OpenStdin?: boolean;
  ExposedPorts?: Record<string, object>;
  StopSignal?: string;
  HostConfig?: {
    /** Bytes. */
    Memory?: number;
    /** Billionths of a CPU. */
    NanoCpus?: number;
    PidsLimit?: number;
    NetworkMode?: string;
    AutoRemove?: boolean;
    Init?: boolean;
    PortBindings?: Record<string, { HostIp?: string; HostPort?: string }[]>;
    Binds?: string[];
    [member: string]: unknown;
  };
  [member: string]: unknown;
}

const Created = z.looseObject({ Id: z.string(), Warnings: z.array(z.string()).nullish() });
const Waited = z.looseObject({
  StatusCode: z.number(),
  Error: z.looseObject({ Message: z.string() }).nullish(),
});

/**
 * The engine's containers. `id` is an ID, a unique beginning of one, or a name.
 *
 * @example
 * ```ts
 * const engine = new DockerEngine();
 * const { id } = await engine.containers.create({ Image: "busybox:stable", Cmd: ["echo", "hello"] });
 * await engine.containers.start(id);
 * const { exitCode } = await engine.containers.wait(id);
 * for await (const { data } of engine.containers.logs(id)) process.stdout.write(data);
 * await engine.containers.remove(id);
 * await engine.close();
 * ```
 */
export class EngineContainers {
  readonly #engine: EngineApi;

  /** @internal */
  constructor(engine: EngineApi) {
    this.#engine = engine;
  }

  /** Makes a container and does not start it. @throws EngineNotFoundError for a missing image, EngineConflictError for a taken name */
  async create(
    config: ContainerConfig,
    options: { name?: string; platform?: string } & Cancellable = {},
  ): Promise<{ id: string; warnings: string[] }> {
    check("containers.create", { config: object, options: CREATE_CONTAINER }, { config, options });
    const query = new URLSearchParams();
    if (options.name) query.set("name", options.name);
    if (options.platform) query.set("platform", options.platform);
    const request: EngineRequest = {
      method: "POST",
      path: "/containers/create",
      query,
      json: config,
      signal: options.signal,
    };
    const { Id, Warnings } = await this.#json(request, Created);
    return { id: Id, warnings: Warnings ?? [] };
  }

  /** Starts a container; one that runs already is left as it is. */
  async start(id: string, options: Cancellable = {}): Promise<void> {
    check("containers.start", { id: text, options: CANCELLABLE }, { id, options });
    await this.#text({ method: "POST", path: `/containers/${encodeURIComponent(id)}/start`, signal: options.signal });
  }

  /**
   * Asks the main process to end, and kills it if it does not. One that is stopped already is left as it is.
   */
  async stop(
    id: string,
    options: {
      /**
       * Time between the two, seconds.
       *
       * @default that of the container, which is 10 unless it was made with another
       */
      timeoutSeconds?: number;
    } & Cancellable = {},
  ): Promise<void> {
    check("containers.stop", { id: text, options: STOP }, { id, options });
    const query = new URLSearchParams();
    if (options.timeoutSeconds !== undefined) query.set("t", String(options.timeoutSeconds));
    await this.#text({
      method: "POST",
      path: `/containers/${encodeURIComponent(id)}/stop`,
      query,
      // As long as the container may take, which is the caller's to say.
      kind: "stream",
      signal: options.signal,
    });
  }

  /** Freezes every process of a running container. @throws EngineConflictError when it does not run or is paused already */
  async pause(id: string, options: Cancellable = {}): Promise<void> {
    check("containers.pause", { id: text, options: CANCELLABLE }, { id, options });
    await this.#text({ method: "POST", path: `/containers/${encodeURIComponent(id)}/pause`, signal: options.signal });
  }

  /** Lets a paused container go on. */
  async unpause(id: string, options: Cancellable = {}): Promise<void> {
    check("containers.unpause", { id: text, options: CANCELLABLE }, { id, options });
    await this.#text({ method: "POST", path: `/containers/${encodeURIComponent(id)}/unpause`, signal: options.signal });
  }

  /** Sends a signal to the main process. @throws EngineConflictError when it does not run */
  async kill(
    id: string,
    options: {
      /** @default `SIGKILL` */
      killSignal?: string;
    } & Cancellable = {},
  ): Promise<void> {
    check("containers.kill", { id: text, options: KILL }, { id, options });
    const query = new URLSearchParams({ signal: options.killSignal ?? "SIGKILL" });
    await this.#text({
      method: "POST",
      path: `/containers/${encodeURIComponent(id)}/kill`,
      query,
      signal: options.signal,
    });
  }

  /** Removes a container. */
  async remove(
    id: string,
    options: {
      /**
       * Kill it first if it runs.
       *
       * @default false
       */
      force?: boolean;
      /**
       * Remove its anonymous volumes, too.
       *
       * @default true
       */
      volumes?: boolean;
    } & Cancellable = {},
  ): Promise<void> {
    check("containers.remove", { id: text, options: REMOVE_CONTAINER }, { id, options });
    const query = new URLSearchParams({ force: String(options.force ?? false), v: String(options.volumes ?? true) });
    await this.#text({
      method: "DELETE",
      path: `/containers/${encodeURIComponent(id)}`,
      query,
      signal: options.signal,
    });
  }

  /** @throws EngineNotFoundError when there is no such container */
  async inspect(id: string, options: Cancellable = {}): Promise<ContainerInspect> {
    check("containers.inspect", { id: text, options: CANCELLABLE }, { id, options });
    return this.#json(
      { method: "GET", path: `/containers/${encodeURIComponent(id)}/json`, signal: options.signal },
      ContainerInspect,
    );
  }

  /** Containers, newest first. */
  async list(
    options: {
      /**
       * Those that do not run, too.
       *
       * @default false
       */
      all?: boolean;
      filters?: EngineFilters;
    } & Cancellable = {},
  ): Promise<ContainerSummary[]> {
    check("containers.list", { options: LIST }, { options });
    const query = new URLSearchParams({ all: String(options.all ?? false) });
    if (options.filters) query.set("filters", JSON.stringify(options.filters));
    return this.#json(
      { method: "GET", path: "/containers/json", query, signal: options.signal },
      z.array(ContainerSummary),
    );
  }

  /** Waits until the main process has ended. */
  async wait(
    id: string,
    options: {
      /**
       * What to wait for; `not-running` is true immediately for a container that is not running.
       *
       * @default `not-running`
       */
      condition?: "not-running" | "next-exit" | "removed";
    } & Cancellable = {},
  ): Promise<{ exitCode: number; error?: string }> {
    check("containers.wait", { id: text, options: WAIT }, { id, options });
    const query = new URLSearchParams({ condition: options.condition ?? "not-running" });
    const path = `/containers/${encodeURIComponent(id)}/wait`;
    const { StatusCode, Error } = await this.#json(
      { method: "POST", path, query, kind: "stream", signal: options.signal },
      Waited,
    );
    return { exitCode: StatusCode, ...(Error ? { error: Error.Message } : {}) };
  }

  /** What the main process wrote. */
  async *logs(
    id: string,
    options: {
      /**
       * Go on until it ends.
       *
       * @default false
       */
      follow?: boolean;
      /**
       * Only this many of the last lines.
       *
       * @default all
       */
      tail?: number;
      /** Only what is younger than this Unix time. */
      sinceSeconds?: number;
      /**
       * Each line begins with its time.
       *
       * @default false
       */
      timestamps?: boolean;
    } & Cancellable = {},
  ): AsyncGenerator<OutputChunk> {
    check("containers.logs", { id: text, options: LOGS }, { id, options });
    const { Config } = await this.inspect(id, { signal: options.signal });
    const query = new URLSearchParams({ stdout: "true", stderr: "true", follow: String(options.follow ?? false) });
    if (options.tail !== undefined) query.set("tail", String(options.tail));
    if (options.sinceSeconds !== undefined) query.set("since", String(options.sinceSeconds));
    if (options.timestamps) query.set("timestamps", "true");
    const request = await this.#engine.versioned({
      method: "GET",
      path: `/containers/${encodeURIComponent(id)}/logs`,
      query,
      kind: "stream",
      signal: options.signal,
    });
    const { body } = await this.#engine.transport.request(request);
    const chunks = this.#engine.transport.readBody(request, body);
    if (!Config.Tty) return yield* readLogFrames(chunks);
    // A terminal has one stream, and the engine passes it on as it is.
    for await (const data of chunks) yield { stream: "stdout", data };
  }

  /** Runs a command in a running container to its end. */
  async exec(id: string, options: ExecOptions): Promise<ExecResult> {
    check("containers.exec", { id: text, options: EXEC }, { id, options });
    return runExec(this.#engine, id, options);
  }

  async #json<T extends z.ZodType>(request: EngineRequest, schema: T): Promise<z.infer<T>> {
    return this.#engine.transport.json(await this.#engine.versioned(request), schema);
  }

  async #text(request: EngineRequest): Promise<string> {
    return this.#engine.transport.text(await this.#engine.versioned(request));
  }
}
