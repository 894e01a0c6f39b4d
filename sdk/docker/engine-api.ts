import type { DockerConfig } from "./auth/docker-config.ts";
import type { EnginePing } from "./engine-ping.ts";
import type { EngineRequest, EngineTransport } from "./engine-transport.ts";

/**
 * What the parts of the client (images, containers, builds, pruning) need from their engine. DockerEngine has it; as it
 * is made of these parts, they cannot import it.
 */
export interface EngineApi {
  /** The engine's address, as DOCKER_HOST spells it. */
  readonly host: string;
  /** Sends requests once `versioned` has completed their paths. @internal */
  readonly transport: EngineTransport;
  /** Docker's configuration folder: credentials, credential helpers, proxies. */
  readonly config: DockerConfig;
  /** The engine's facts, asked for once; a failure is not remembered. */
  negotiate(signal?: AbortSignal): Promise<EnginePing>;
  /** The request, with the negotiated API version put in front of its path. @internal */
  versioned(request: EngineRequest): Promise<EngineRequest>;
}
