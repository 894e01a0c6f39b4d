import { NullspaceError } from "pulumi-nullspace/sdk";

/** Members of {@link ServiceError} beside the message. */
export interface ServiceErrorOptions {
  /** Stable machine code of the error envelope. */
  code: string;
  /** HTTP status of the answer. */
  status: number;
  /** Whether the same request may succeed later without a change. */
  retryable?: boolean;
  /** What the caller should do next, in one sentence. */
  suggestedAction?: string;
  /** `TemplateFailureDetail`; only the members that the contract lists may be in it. */
  detail?: Record<string, unknown>;
  /** Free facts for machines, e.g. the list of validation problems. */
  details?: unknown;
  /** Build that the error is about. */
  buildId?: string;
  cause?: unknown;
}

/** An error that an HTTP answer carries to the caller; everything else is an internal error. */
export class ServiceError extends NullspaceError {
  readonly status: number;
  readonly retryable: boolean | undefined;
  readonly suggestedAction: string | undefined;
  readonly detail: Record<string, unknown> | undefined;
  readonly details: unknown;
  readonly buildId: string | undefined;

  constructor(message: string, options: ServiceErrorOptions) {
    super(message, { code: options.code, cause: options.cause });
    this.status = options.status;
    this.retryable = options.retryable;
    this.suggestedAction = options.suggestedAction;
    this.detail = options.detail;
    this.details = options.details;
    this.buildId = options.buildId;
  }
}

type Extra = Partial<Omit<ServiceErrorOptions, "status">>;

/** 400: the request itself is wrong; repeating it unchanged cannot succeed. */
export class InvalidRequestError extends ServiceError {
  constructor(message: string, extra: Extra = {}) {
    super(message, { code: "invalid_request", status: 400, retryable: false, ...extra });
  }
}

/** 401: no key, or not the key of this service. */
export class UnauthorizedError extends ServiceError {
  constructor(message: string, extra: Extra = {}) {
    super(message, { code: "unauthorized", status: 401, retryable: false, ...extra });
  }
}

/** 403: a form of the page that no page of the session has sent. */
export class ForbiddenFormError extends ServiceError {
  constructor() {
    super("The form did not come from a page of this session, so nothing was done.", {
      code: "permission_denied",
      status: 403,
      retryable: false,
      suggestedAction: "Open the page again, and do it from there.",
    });
  }
}

/** 421: the request is for another host than this service goes by. It names none, so that a stranger learns none. */
export class MisdirectedError extends ServiceError {
  constructor() {
    super("The Host header does not name this service.", {
      code: "invalid_request",
      status: 421,
      retryable: false,
      suggestedAction: "Use the address that the service printed, or allow the name with --allowed-host.",
    });
  }
}

/** 404: the named thing does not exist; the code ends in `not_found`. */
export class ResourceNotFoundError extends ServiceError {
  constructor(code: `${string}not_found`, message: string, extra: Extra = {}) {
    super(message, { status: 404, retryable: false, ...extra, code });
  }
}

/** Why a ref led nowhere. */
export type TemplateNotFoundReason = "unknown_name" | "unknown_tag" | "unknown_build" | "not_ready" | "artifact_gone";

/** 404 `template_not_found`: a ref names no template, tag, build or artifact that is live. */
export class TemplateNotFoundError extends ResourceNotFoundError {
  readonly ref: string;
  readonly reason: TemplateNotFoundReason;

  constructor(
    ref: string,
    reason: TemplateNotFoundReason = "unknown_name",
    message = `There is no template "${ref}".`,
  ) {
    super("template_not_found", message, { details: { reason } });
    this.ref = ref;
    this.reason = reason;
  }
}

/** 409: the request is fine, the state of the thing is not. */
export class ConflictError extends ServiceError {
  constructor(message: string, extra: Extra = {}) {
    super(message, { code: "conflict", status: 409, retryable: false, ...extra });
  }
}

/** 501 `not_implemented`: the contract has it, and a local service does not do it. */
export class NotOfferedError extends ServiceError {
  /**
   * @param what it is, in the plural: `snapshots`
   * @param member of the request, that asks for it
   */
  constructor(what: string, suggestedAction = "Use the hosted service (NULLSPACE_API_URL) for this.", member?: string) {
    super(member === undefined ? `The local service has no ${what}.` : `${member}: the local service has no ${what}.`, {
      code: "not_implemented",
      status: 501,
      retryable: false,
      suggestedAction,
      details: { feature: what },
    });
  }
}

/** 503: something that the service needs is away; the same request may succeed later. */
export class UnavailableError extends ServiceError {
  constructor(message: string, extra: Extra = {}) {
    super(message, { code: "feature_unavailable", status: 503, retryable: true, ...extra });
  }
}

/** 507 `disk_full`: no room is left where the service keeps its data; the same request succeeds when there is. */
export class DiskFullError extends ServiceError {
  /** Data folder on the full disk. */
  readonly folder: string;

  constructor(folder: string, extra: Extra = {}) {
    super(`The disk of the data folder ${folder} is full (or its quota is used up), so nothing new can be recorded.`, {
      status: 507,
      retryable: true,
      suggestedAction:
        "Make room on that disk, or delete templates, machines and pools of this service; then try again.",
      details: { folder },
      ...extra,
      code: "disk_full",
    });
    this.folder = folder;
  }
}

/** 503 `engine_unavailable`: Docker Engine does not answer. */
export class EngineUnavailableError extends UnavailableError {
  constructor(message: string, extra: Extra = {}) {
    super(message, {
      suggestedAction: "Start Docker Engine, or point DOCKER_HOST (or --docker-host) at a running one, and try again.",
      ...extra,
      code: "engine_unavailable",
    });
  }
}

/** The service cannot start: unusable options, a data directory in use, a store from a newer version. */
export class StartupError extends NullspaceError {
  constructor(message: string, code: string, cause?: unknown) {
    super(message, { code, cause });
  }
}

/** Reads a thrown value as an error, so that a log line or a cause is never `[object Object]`. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
