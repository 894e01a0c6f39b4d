import { NullspaceError } from "../sdk/errors.ts";

/** Property bag as the engine keeps it. */
type Properties = Record<string, unknown>;

/**
 * The resource exists, but is not what was asked for yet. The engine saves it with these outputs and reasons, fails the
 * update, and calls `update` again in the next one.
 */
export class PartialFailureError extends NullspaceError {
  /** ID of the resource that exists. */
  readonly id: string;
  /** What is known of it now. */
  readonly outputs: Properties;
  /** Why it is not ready, for people, one a line of the engine's list. */
  readonly reasons: readonly string[];

  constructor({
    id,
    outputs,
    reasons,
    cause,
  }: {
    id: string;
    outputs: Properties;
    reasons: readonly string[];
    cause?: unknown;
  }) {
    super(reasons.join("\n"), { code: "partial_failure", cause });
    this.id = id;
    this.outputs = outputs;
    this.reasons = reasons;
  }
}

/** A name or alias that another template holds. */
export class NameTakenError extends NullspaceError {
  /** The name as a reference, `namespace/name` where that is known. */
  readonly ref: string;
  /** Canonical reference of the template that holds it, if that could be learned. */
  readonly holder: string | undefined;

  constructor(message: string, { ref, holder, cause }: { ref: string; holder?: string | undefined; cause?: unknown }) {
    super(message, { code: "name_taken", cause });
    this.ref = ref;
    this.holder = holder;
  }
}

/** A build was to be tagged as a template that it is not a build of. */
export class ForeignBuildError extends NullspaceError {
  readonly buildId: string;

  constructor({ buildId, builtAs, template }: { buildId: string; builtAs: string; template: string }) {
    super(
      `build ${buildId} is a build of ${builtAs}, not of ${template}: give a buildId of ${template}, or set template to ${builtAs}`,
      { code: "foreign_build" },
    );
    this.buildId = buildId;
  }
}

/** A build that should be live could not be found any more. */
export class BuildGoneError extends NullspaceError {
  readonly buildId: string;

  constructor(buildId: string, template: string) {
    super(`build ${buildId} of ${template} is gone from the service: build again, or give another buildId`, {
      code: "build_gone",
    });
    this.buildId = buildId;
  }
}

/** The operation did not end in its time. */
export class OperationTimeoutError extends NullspaceError {
  readonly timeoutMs: number;

  constructor(timeoutMs: number, operation: string) {
    super(
      `not done after ${Math.round(timeoutMs / 1000)} s: run pulumi up again to go on from here, or give it longer ` +
        `with the resource option customTimeouts: { ${operation}: "60m" }`,
      { code: "operation_timeout" },
    );
    this.timeoutMs = timeoutMs;
  }
}

/** The user stopped the update. */
export class OperationCancelledError extends NullspaceError {
  constructor() {
    super("stopped by the user: run pulumi up again to go on from here", { code: "operation_cancelled" });
  }
}

/** A resource type that this provider does not have. */
export class UnknownTypeError extends NullspaceError {
  constructor(type: string, known: readonly string[]) {
    super(`there is no resource type ${type} in this provider: it has ${known.join(", ")}`, {
      code: "unknown_resource_type",
    });
  }
}

/** A value on the engine's wire that this provider does not take. */
export class WireValueError extends NullspaceError {
  constructor(what: string) {
    super(`${what} cannot be used here: give the path of a folder or a plain value`, { code: "invalid_wire_value" });
  }
}

/** A build that ended badly. `reasons` is what the user needs: the step, the last log lines, what to do. */
export class BuildFailedError extends NullspaceError {
  readonly buildId: string;
  /** `error` or `cancelled`. */
  readonly status: string;
  readonly reasons: readonly string[];

  constructor(buildId: string, status: string, reasons: readonly string[]) {
    super(reasons.join("\n"), { code: "build_failed" });
    this.buildId = buildId;
    this.status = status;
    this.reasons = reasons;
  }
}

/** There is no API key, neither in the stack's configuration nor where the client looks. */
export class NoApiKeyError extends NullspaceError {
  constructor(cause: Error) {
    super(`${cause.message}. For this stack alone: pulumi config set --secret nullspace:apiKey`, {
      code: "missing_api_key",
      cause,
    });
  }
}
