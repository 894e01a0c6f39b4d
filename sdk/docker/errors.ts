import { markError, NullspaceError, type NullspaceErrorOptions } from "../errors.ts";

/** Root of the errors of the Docker floor. */
export class DockerError extends NullspaceError {
  static {
    markError(this, "DockerError");
  }
}

/** Nothing answers at the engine's address. Nothing was sent. Code `engine_unreachable`. */
export class EngineUnreachableError extends DockerError {
  static {
    markError(this, "EngineUnreachableError");
  }

  /** The address that was tried, as DOCKER_HOST would spell it. */
  readonly host: string;

  constructor(host: string, reason: string, cause?: unknown) {
    const start = host.startsWith("unix://")
      ? "Start Docker Engine (for example `systemctl start docker`, or Docker Desktop)"
      : "Start Docker Engine there";
    super(
      `No Docker Engine answers at ${host}: ${reason}. ${start}, or point DOCKER_HOST at an engine that is running.`,
      { code: "engine_unreachable", cause },
    );
    this.host = host;
  }
}

/** No BuildKit daemon answers at the address given as `builder`. Nothing was sent. Code `buildkit_unreachable`. */
export class BuildKitUnreachableError extends DockerError {
  static {
    markError(this, "BuildKitUnreachableError");
  }

  readonly address: string;

  constructor(address: string, cause?: unknown) {
    super(
      `No BuildKit daemon answers at ${address}. Start buildkitd there (its --addr must be this address, and its TLS settings those given here), or leave out the address to build on the engine.`,
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

/** What the engine said when it refused a request. */
export interface EngineErrorFacts {
  /** HTTP status. */
  status: number;
  /** Method and path of the request. */
  request: string;
  /** The engine's own words. */
  engineMessage: string;
}

/** The engine refused a request. Code `engine_error`, or that of a subclass. */
export class EngineError extends DockerError {
  static {
    markError(this, "EngineError");
  }

  readonly status: number;
  readonly request: string;
  readonly engineMessage: string;

  constructor(facts: EngineErrorFacts, options: NullspaceErrorOptions = { code: "engine_error" }) {
    super(`Docker Engine answered ${facts.status} to ${facts.request}: ${facts.engineMessage}`, options);
    this.status = facts.status;
    this.request = facts.request;
    this.engineMessage = facts.engineMessage;
  }
}

/** The image, container or other thing does not exist (404). Code `engine_not_found`. */
export class EngineNotFoundError extends EngineError {
  static {
    markError(this, "EngineNotFoundError");
  }

  constructor(facts: EngineErrorFacts) {
    super(facts, { code: "engine_not_found" });
  }
}

/** The thing is in use, or exists already (409). Code `engine_conflict`. */
export class EngineConflictError extends EngineError {
  static {
    markError(this, "EngineConflictError");
  }

  constructor(facts: EngineErrorFacts) {
    super(facts, { code: "engine_conflict" });
  }
}

/** The engine's answer is not what its API promises. Code `engine_protocol_error`. */
export class EngineProtocolError extends DockerError {
  static {
    markError(this, "EngineProtocolError");
  }

  constructor(message: string, cause?: unknown) {
    super(message, { code: "engine_protocol_error", cause });
  }
}

/** An option needs a newer Engine API than this engine speaks. Code `api_version_too_old`. */
export class ApiVersionError extends DockerError {
  static {
    markError(this, "ApiVersionError");
  }

  readonly feature: string;
  readonly requiredVersion: string;
  readonly engineVersion: string;

  constructor(feature: string, requiredVersion: string, engineVersion: string) {
    super(
      `${feature} needs Docker Engine API ${requiredVersion} or newer, and this engine speaks ${engineVersion}. ` +
        `Upgrade the engine, or leave ${feature} out.`,
      { code: "api_version_too_old" },
    );
    this.feature = feature;
    this.requiredVersion = requiredVersion;
    this.engineVersion = engineVersion;
  }
}

/** The engine would ignore an option without a word, so nothing was sent. Code `unsupported_by_engine`. */
export class UnsupportedByEngineError extends DockerError {
  static {
    markError(this, "UnsupportedByEngineError");
  }

  readonly feature: string;

  constructor(feature: string, message: string) {
    super(message, { code: "unsupported_by_engine" });
    this.feature = feature;
  }
}

/** Options that cannot work, found before anything was sent. Code `invalid_docker_option`. */
export class DockerOptionError extends DockerError {
  static {
    markError(this, "DockerOptionError");
  }

  /** Name of the option at fault. */
  readonly option: string;

  constructor(option: string, message: string, cause?: unknown) {
    super(message, { code: "invalid_docker_option", cause });
    this.option = option;
  }
}

/** Text that is not an image reference. Code `invalid_image_ref`. */
export class ImageRefError extends DockerError {
  static {
    markError(this, "ImageRefError");
  }

  readonly ref: string;

  constructor(ref: string, reason: string) {
    super(`${JSON.stringify(ref)} is not an image reference: ${reason}.`, { code: "invalid_image_ref" });
    this.ref = ref;
  }
}

/** Where and how a build failed; what is not known is absent. */
export interface BuildFailureFacts {
  /** The failing step, as the builder names it, such as `[3/4] RUN make`. */
  step?: string | undefined;
  /** Line of the Dockerfile, counted from 1, on which the failing instruction starts. */
  dockerfileLine?: number | undefined;
  /** Exit code of the failing `RUN`. */
  exitCode?: number | undefined;
  /** The last log lines before the failure, oldest first. */
  logTail: readonly string[];
}

/** The builder says that the build failed. Code `image_build_failed`. */
export class ImageBuildError extends DockerError {
  static {
    markError(this, "ImageBuildError");
  }

  readonly step: string | undefined;
  readonly dockerfileLine: number | undefined;
  readonly exitCode: number | undefined;
  readonly logTail: readonly string[];
  /** The builder's own words. */
  readonly builderMessage: string;

  constructor(builderMessage: string, facts: BuildFailureFacts, cause?: unknown) {
    const at = [
      ...(facts.step === undefined ? [] : [`in step ${facts.step}`]),
      ...(facts.dockerfileLine === undefined ? [] : [`Dockerfile line ${facts.dockerfileLine}`]),
    ];
    super(`The image build failed${at.length > 0 ? ` (${at.join(", ")})` : ""}: ${builderMessage}`, {
      code: "image_build_failed",
      cause,
    });
    this.builderMessage = builderMessage;
    this.step = facts.step;
    this.dockerfileLine = facts.dockerfileLine;
    this.exitCode = facts.exitCode;
    this.logTail = facts.logTail;
  }
}

/** The build's stream ended without an image and without an error. Code `image_build_cut_short`. */
export class ImageBuildCutShortError extends DockerError {
  static {
    markError(this, "ImageBuildCutShortError");
  }

  constructor(cause?: unknown) {
    super(
      "The engine ended the build's stream before it named an image or an error, so the build counts as failed. " +
        "See the engine's own log (it may have restarted), then build again.",
      { code: "image_build_cut_short", cause },
    );
  }
}

/** The build is done, but its cache could not be kept in the folder that `cacheTo` names. Code `build_cache_failed`. */
export class BuildCacheError extends DockerError {
  static {
    markError(this, "BuildCacheError");
  }

  /** The folder, as it was given. */
  readonly dest: string;

  constructor(dest: string, reason: string, cause?: unknown) {
    super(
      `The build is done, but its cache could not be kept in ${dest}: ${reason}. See that the folder can be written to, and ` +
        'build again; with the attribute "ignore-error": "true" of cacheTo, a build does without.',
      { code: "build_cache_failed", cause },
    );
    this.dest = dest;
  }
}

/** The build was stopped by its caller. Code `image_build_cancelled`. */
export class ImageBuildCancelledError extends DockerError {
  static {
    markError(this, "ImageBuildCancelledError");
  }

  constructor(cause?: unknown) {
    super("The image build was cancelled.", { code: "image_build_cancelled", cause });
  }
}

/** The build took longer than it was given. Code `image_build_timeout`. */
export class ImageBuildTimeoutError extends DockerError {
  static {
    markError(this, "ImageBuildTimeoutError");
  }

  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    super(`The image build was stopped: it did not end within ${timeoutMs} ms. Give it more time (timeoutMs).`, {
      code: "image_build_timeout",
    });
    this.timeoutMs = timeoutMs;
  }
}

/** A command in a container ran out of its time. Code `exec_timeout`. */
export class ExecTimeoutError extends DockerError {
  static {
    markError(this, "ExecTimeoutError");
  }

  readonly containerId: string;
  readonly timeoutMs: number;
  /** What the command had written until then. */
  readonly stdout: string;
  readonly stderr: string;
  /** Whether the process is known to be gone. */
  readonly killed: boolean;

  constructor(facts: { containerId: string; timeoutMs: number; stdout: string; stderr: string; killed: boolean }) {
    super(
      `The command in container ${facts.containerId.slice(0, 12)} did not end within ${facts.timeoutMs} ms; ` +
        (facts.killed
          ? "it was killed. Give it more time, or see why it hangs."
          : "it could not be killed (that needs a shell in the image) and may still run: restart the container."),
      { code: "exec_timeout" },
    );
    this.containerId = facts.containerId;
    this.timeoutMs = facts.timeoutMs;
    this.stdout = facts.stdout;
    this.stderr = facts.stderr;
    this.killed = facts.killed;
  }
}

/** Registry credentials could not be read or obtained. Code `registry_credentials`. */
export class RegistryCredentialsError extends DockerError {
  static {
    markError(this, "RegistryCredentialsError");
  }

  /** Whether the same request may succeed later: the cloud was not reached, or failed on its own side. */
  readonly retryable: boolean;

  constructor(
    message: string,
    cause?: unknown,
    facts: {
      /** @default false */
      retryable?: boolean;
    } = {},
  ) {
    super(message, { code: "registry_credentials", cause });
    this.retryable = facts.retryable ?? false;
  }
}
