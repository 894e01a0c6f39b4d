import { object, text } from "../arguments/index.ts";
import { CANCELLABLE, check } from "./argument-rules.ts";
import * as z from "zod";
import type { Cancellable } from "./cancellable.ts";
import type { EngineApi } from "./engine-api.ts";
import type { EngineRequest } from "./engine-transport.ts";

/** A network as the engine describes it; members not named here are kept. */
export const NetworkInspect = z.looseObject({
  Id: z.string(),
  Name: z.string(),
  Driver: z.string(),
  Options: z.record(z.string(), z.string()).nullish(),
  Labels: z.record(z.string(), z.string()).nullish(),
});
export type NetworkInspect = z.infer<typeof NetworkInspect>;

/** What a network is to be: the Engine API's own body of NetworkCreate, the usual members spelled out. */
export interface NetworkConfig {
  Name: string;
  /** @default `bridge` */
  Driver?: string;
  /** Of the driver, such as `com.docker.network.bridge.enable_icc`. */
  Options?: Record<string, string>;
  Labels?: Record<string, string>;
  /** Without a way out. */
  Internal?: boolean;
  [member: string]: unknown;
}

const Created = z.looseObject({ Id: z.string() });

/**
 * The engine's networks. `id` is an ID or a name.
 *
 * @example
 * ```ts
 * const engine = new DockerEngine();
 * const { id } = await engine.networks.create({ Name: "closed", Internal: true });
 * await engine.networks.remove(id);
 * await engine.close();
 * ```
 */
export class EngineNetworks {
  readonly #engine: EngineApi;

  /** @internal */
  constructor(engine: EngineApi) {
    this.#engine = engine;
  }

  /** @throws EngineConflictError when there is one of that name */
  async create(config: NetworkConfig, options: Cancellable = {}): Promise<{ id: string }> {
    check("networks.create", { config: object, options: CANCELLABLE }, { config, options });
    // Engines before API 1.44 make a second one of the same name unless they are told to look.
    const json = { CheckDuplicate: true, ...config };
    const { Id } = await this.#json(
      { method: "POST", path: "/networks/create", json, signal: options.signal },
      Created,
    );
    return { id: Id };
  }

  /** @throws EngineNotFoundError when there is no such network */
  async inspect(id: string, options: Cancellable = {}): Promise<NetworkInspect> {
    check("networks.inspect", { id: text, options: CANCELLABLE }, { id, options });
    return this.#json(
      { method: "GET", path: `/networks/${encodeURIComponent(id)}`, signal: options.signal },
      NetworkInspect,
    );
  }

  /** @throws EngineNotFoundError when there is no such network, EngineError while containers are in it */
  async remove(id: string, options: Cancellable = {}): Promise<void> {
    check("networks.remove", { id: text, options: CANCELLABLE }, { id, options });
    const request: EngineRequest = {
      method: "DELETE",
      path: `/networks/${encodeURIComponent(id)}`,
      signal: options.signal,
    };
    await this.#engine.transport.text(await this.#engine.versioned(request));
  }

  async #json<T extends z.ZodType>(request: EngineRequest, schema: T): Promise<z.infer<T>> {
    return this.#engine.transport.json(await this.#engine.versioned(request), schema);
  }
}
