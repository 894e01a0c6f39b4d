import { markError } from "../../errors.ts";
import { DockerError } from "./docker-error.ts";

/** Nothing answers at the engine's address. Nothing was sent. Code `engine_unreachable`. */
export class EngineUnreachableError extends DockerError {
  static {
    markError(this, "EngineUnreachableError");
  }

  /** The address that was tried, as DOCKER_HOST would spell it. */
  readonly host: string;
  /** Why, in the words of the message. */
  readonly reason: string;

  constructor(host: string, reason: string, cause?: unknown) {
    const start = host.startsWith("unix://")
      ? "Start Docker Engine (for example `systemctl start docker`, or Docker Desktop)"
      : "Start Docker Engine there";
    super(
      `No Docker Engine answers at ${host}: ${reason}. ${start}, or point DOCKER_HOST at an engine that is running.`,
      { code: "engine_unreachable", cause },
    );
    this.host = host;
    this.reason = reason;
  }
}

/** No BuildKit daemon answers at the address given as `builder`. Nothing was sent. Code `buildkit_unreachable`. */
export class BuildKitUnreachableError extends DockerError {
  static {
    markError(this, "BuildKitUnreachableError");
  }

  readonly address: string;

  constructor(address: string, reason: string, cause?: unknown) {
    super(
      `No BuildKit daemon answers at ${address}: ${reason}. Start buildkitd there (its --addr must be this address, and its TLS settings those given here), or leave out the address to build on the engine.`,
      { code: "buildkit_unreachable", cause },
    );
    this.address = address;
  }
}

/** The connection to the engine, or to a BuildKit daemon, broke in the middle of a request. Code `engine_connection_lost`. */
export class EngineConnectionLostError extends DockerError {
  static {
    markError(this, "EngineConnectionLostError");
  }

  readonly host: string;
  /** Method and path of the request that was cut. */
  readonly request: string;

  /** @param peer what is at `host` */
  constructor(
    host: string,
    request: string,
    cause?: unknown,
    peer: "Docker Engine" | "BuildKit daemon" = "Docker Engine",
  ) {
    const reason = cause instanceof Error ? `: ${cause.message}` : "";
    super(
      `The connection to the ${peer} at ${host} broke during ${request}${reason}. ` +
        `See that the ${peer === "Docker Engine" ? "engine" : "daemon"} is still running (it may have restarted), then try again.`,
      { code: "engine_connection_lost", cause },
    );
    this.host = host;
    this.request = request;
  }
}

/**
 * The engine took the request and did not answer it in its time, or answers nothing at all any more. Whether it has done
 * what it was asked for is not known. Code `engine_timeout`.
 */
export class EngineTimeoutError extends DockerError {
  static {
    markError(this, "EngineTimeoutError");
  }

  readonly host: string;
  /** Method and path of the request. */
  readonly request: string;
  /** How long the engine was waited for, milliseconds. */
  readonly waitedMs: number;

  constructor(host: string, request: string, waitedMs: number) {
    super(
      `Docker Engine at ${host} holds its connections but has not answered ${request} for ${waitedMs / 1000} s. ` +
        "It may be overloaded, or frozen with its process or its virtual machine: see whether `docker version` answers, " +
        "restart the engine if it does not, then try again.",
      { code: "engine_timeout" },
    );
    this.host = host;
    this.request = request;
    this.waitedMs = waitedMs;
  }
}

/** The engine is not there, was lost, or is frozen: which says nothing of what was asked of it. */
export type EngineAwayError = EngineUnreachableError | EngineConnectionLostError | EngineTimeoutError;

/**
 * Does the error say no more than that the engine is away?
 *
 * @example
 * ```ts
 * const engine = new DockerEngine();
 * try {
 *   await engine.ping();
 * } catch (error) {
 *   if (!isEngineAway(error)) throw error;
 *   console.error("Is Docker running?", error.message);
 * }
 * await engine.close();
 * ```
 */
export function isEngineAway(error: unknown): error is EngineAwayError {
  return (
    error instanceof EngineUnreachableError ||
    error instanceof EngineConnectionLostError ||
    error instanceof EngineTimeoutError
  );
}
