import { markError, type NullspaceErrorOptions } from "../../errors.ts";
import { DockerError } from "./docker-error.ts";

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
