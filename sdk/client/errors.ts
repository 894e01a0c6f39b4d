import { markError, NullspaceError } from "../errors.ts";
export { InvalidArgumentError } from "../arguments/index.ts";
import type { TemplateFailureDetail } from "../wire/error.ts";

/** Tags that a message names. */
const SHOWN_TAGS = 10;

/** Facts of an error that the service answered. */
export interface ApiErrorOptions {
  /** The service's code, such as `template_not_found`. */
  code: string;
  /** HTTP status; absent when the error came as an entry of a build's log. */
  status?: number | undefined;
  /** Correlation id to quote to the service's operators. */
  requestId?: string | undefined;
  /** Whether the service says that the same request may succeed later. */
  retryable?: boolean | undefined;
  /** What the service advises. */
  suggestedAction?: string | undefined;
  /** Why a build or an upload failed. */
  detail?: TemplateFailureDetail | undefined;
  /** Whatever else the service sent along. */
  details?: unknown;
  /** How long the service asks to wait, milliseconds. */
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/** The service refused a request, or a build of it failed. The sub-class says in which way; `code` says exactly. */
export class ApiError extends NullspaceError {
  static {
    markError(this, "ApiError");
  }

  /** HTTP status; absent when the error came as an entry of a build's log. */
  readonly status: number | undefined;
  /** Correlation id to quote to the service's operators. */
  readonly requestId: string | undefined;
  /** Whether the service says that the same request may succeed later. */
  readonly retryable: boolean | undefined;
  /** What the service advises. */
  readonly suggestedAction: string | undefined;
  /** Why a build or an upload failed: phase, step, attempts, stable reason. */
  readonly detail: TemplateFailureDetail | undefined;
  /** Whatever else the service sent along. */
  readonly details: unknown;
  /** How long the service asked to wait before the next try, milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: ApiErrorOptions) {
    super(message, { code: options.code, cause: options.cause });
    this.status = options.status;
    this.requestId = options.detail?.request_id ?? options.requestId;
    this.retryable = options.detail?.retryable ?? options.retryable;
    this.suggestedAction = options.suggestedAction ?? options.detail?.suggested_action;
    this.detail = options.detail;
    this.details = options.details;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The key is missing, wrong, expired or revoked. */
export class AuthError extends ApiError {
  static {
    markError(this, "AuthError");
  }
}
/** The key is right and may not do this. */
export class PermissionError extends ApiError {
  static {
    markError(this, "PermissionError");
  }
}
/** A quota or a capacity is used up. */
export class QuotaExceededError extends ApiError {
  static {
    markError(this, "QuotaExceededError");
  }
}
/** The thing is in a state that does not allow this, or the name is taken. */
export class ConflictError extends ApiError {
  static {
    markError(this, "ConflictError");
  }
}
/** There is no such thing, or it is not visible to this key. */
export class NotFoundError extends ApiError {
  static {
    markError(this, "NotFoundError");
  }
}
/** A build failed. */
export class BuildError extends ApiError {
  static {
    markError(this, "BuildError");
  }
}
/** This deployment of the service cannot do it. */
export class NotImplementedError extends ApiError {
  static {
    markError(this, "NotImplementedError");
  }
}

/** Too many requests, also after the client's own retries. */
export class RateLimitError extends ApiError {
  static {
    markError(this, "RateLimitError");
  }
}

/** No complete answer came: nothing listens, the connection broke, or the service was silent for too long. */
export class TransportError extends NullspaceError {
  static {
    markError(this, "TransportError");
  }

  /** Base URL of the service. */
  readonly url: string;
  /**
   * `not_sent`: the service cannot have seen the request. `unknown`: it may have acted on it, so a call that is neither
   * safe nor keyed must be looked up before it is sent again.
   */
  readonly outcome: "not_sent" | "unknown";
  /** Why, in one word: `refused`, `unresolved`, `timeout`, `broken`. */
  readonly reason: "refused" | "unresolved" | "timeout" | "broken";

  constructor(message: string, options: Pick<TransportError, "url" | "outcome" | "reason"> & { cause?: unknown }) {
    super(message, { code: "transport_error", cause: options.cause });
    this.url = options.url;
    this.outcome = options.outcome;
    this.reason = options.reason;
  }
}

/** The answer is not what the contract says: no JSON, a wrong shape, a redirect, another build's entries. */
export class InvalidResponseError extends NullspaceError {
  static {
    markError(this, "InvalidResponseError");
  }

  readonly status: number | undefined;
  readonly requestId: string | undefined;

  constructor(message: string, options: { status?: number; requestId?: string | undefined; cause?: unknown } = {}) {
    super(message, { code: "invalid_response", cause: options.cause });
    this.status = options.status;
    this.requestId = options.requestId;
  }
}

/** The thing waited for did not come in time. */
export class TimeoutError extends NullspaceError {
  static {
    markError(this, "TimeoutError");
  }

  /** How long it was waited, milliseconds. */
  readonly timeoutMs: number;

  constructor(message: string, options: { timeoutMs: number; cause?: unknown }) {
    super(message, { code: "timeout", cause: options.cause });
    this.timeoutMs = options.timeoutMs;
  }
}

/** There is no API key in any of the places that are searched; nothing was sent. */
export class MissingApiKeyError extends NullspaceError {
  static {
    markError(this, "MissingApiKeyError");
  }

  /** Every place looked in, in order. */
  readonly places: readonly string[];

  constructor(options: { configPath: string; places: readonly string[] }) {
    super(
      `There is no Nullspace API key. Set NULLSPACE_API_KEY, or write {"api_key": "…"} into ${options.configPath}. ` +
        "A local service prints its key when it starts: nullspace-local serve",
      { code: "missing_api_key" },
    );
    this.places = options.places;
  }
}

/** A setting cannot be used, wherever it came from. */
export class InvalidSettingError extends NullspaceError {
  static {
    markError(this, "InvalidSettingError");
  }

  /** Name of the setting, such as `baseUrl`. */
  readonly setting: string;

  constructor(setting: string, message: string) {
    super(message, { code: "invalid_setting" });
    this.setting = setting;
  }
}

/** The client was closed, and then used. */
export class ClientClosedError extends NullspaceError {
  static {
    markError(this, "ClientClosedError");
  }

  constructor() {
    super("This NullspaceClient is closed. Make a new one, or close it later", { code: "client_closed" });
  }
}

/** A template has no such tag. */
export class NoSuchTagError extends NullspaceError {
  static {
    markError(this, "NoSuchTagError");
  }

  /** The template, as it was called. */
  readonly template: string;
  /** The tag; undefined: the one that the bare name means, where there is none. */
  readonly tag: string | undefined;
  /** Tags that the template has. */
  readonly tags: readonly string[];

  constructor({ template, tag, tags }: { template: string; tag: string | undefined; tags: readonly string[] }) {
    const missing = tag === undefined ? "no default tag" : `no tag "${tag}"`;
    const advice = tags.length === 0 ? "It has none" : `Name one of its tags: ${tags.slice(0, SHOWN_TAGS).join(", ")}`;
    super(`Template ${template} has ${missing}. ${advice}${tags.length > SHOWN_TAGS ? ", …" : "."}`, {
      code: "template_tag_not_found",
    });
    this.template = template;
    this.tag = tag;
    this.tags = tags;
  }
}

/** An entry of the build context that the service has no form for. */
export class UnsupportedEntryError extends NullspaceError {
  static {
    markError(this, "UnsupportedEntryError");
  }

  /** Path inside the context. */
  readonly path: string;

  constructor(path: string, type: string) {
    super(
      `${path} is a ${type}, and a build context of the service holds only files and folders. ` +
        'Ignore it, or use symlinks: "copy" to send what it points at, or "skip" to leave links out.',
      { code: "unsupported_entry" },
    );
    this.path = path;
  }
}
