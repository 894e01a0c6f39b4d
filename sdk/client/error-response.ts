import type { TemplateFailureDetail } from "../wire/error.ts";
import {
  ApiError,
  AuthError,
  BuildError,
  ConflictError,
  NotFoundError,
  NotImplementedError,
  PermissionError,
  QuotaExceededError,
  RateLimitError,
  type ApiErrorOptions,
} from "./errors.ts";
import { Redactor } from "../secrets/index.ts";
import { readUploadFailure, uploadErrorClass, type UploadFailure } from "./upload-errors.ts";
import { loadWire } from "./wire.ts";

/** A text from a service that is longer than this says no more. */
const MAX_TEXT = 2_000;

const AUTH = new Set(["unauthorized", "unauthenticated", "missing_api_key"]);
const EDGE_AUTH =
  /^(edge_token_(missing|expired|invalid|scope_mismatch)|preview_grant_(invalid|revoked)|preview_proxy_token_(missing|expired|invalid|revoked|scope_mismatch))$/;
const CONFLICT = new Set([
  "conflict",
  "machine_not_ready",
  "snapshot_in_use",
  "rebuild_required",
  "incompatible_snapshot",
  "volume_busy",
]);

type ErrorFacts = ApiErrorOptions & { upload?: UploadFailure | undefined };

/** Class of an error by its code, and an upload's by its reason too; the first rule that fits decides. */
export function errorClass(code: string, reason?: string): new (message: string, options: ErrorFacts) => ApiError {
  if (AUTH.has(code) || EDGE_AUTH.test(code)) return AuthError;
  if (code === "forbidden" || code === "permission_denied" || code.endsWith("_permission_denied"))
    return PermissionError;
  if (code === "capacity_exceeded" || code.includes("quota")) return QuotaExceededError;
  if (CONFLICT.has(code) || code.endsWith("_conflict")) return ConflictError;
  if (code === "not_found" || code.endsWith("_not_found")) return NotFoundError;
  if (code === "file_upload_error") return uploadErrorClass(reason);
  if (code === "build_error") return BuildError;
  if (code === "rate_limit_exceeded") return RateLimitError;
  if (code === "not_implemented") return NotImplementedError;
  return ApiError;
}

/** An answer with a status of 400 or more. */
export interface ErrorAnswer {
  status: number;
  body: string;
  requestIdHeader?: string | undefined;
  retryAfterMs?: number | undefined;
}

/**
 * The error that an answer stands for: from the flat form of the envelope, the nested one, or no envelope at all.
 *
 * @param what the call in words that follow "Could not": `read build tb_1`
 * @param credentials what no message may hold
 */
export async function errorFromAnswer(
  what: string,
  answer: ErrorAnswer,
  credentials: readonly string[],
): Promise<ApiError> {
  const envelope = await readEnvelope(answer.body);
  const rateLimited = answer.status === 429 && !envelope.code;
  const code = rateLimited ? "rate_limit_exceeded" : (envelope.code ?? codeOfStatus(answer.status));
  const detail = envelope.detail;
  const requestId = detail?.request_id ?? envelope.requestId ?? answer.requestIdHeader;
  return apiError({
    what,
    text: envelope.text ?? (answer.body.trim() || "the service gave no reason"),
    credentials,
    code: detail && answer.status !== 429 ? preferDetail(code, detail.code) : code,
    status: answer.status,
    requestId,
    retryable: envelope.retryable,
    suggestedAction: envelope.suggestedAction,
    detail,
    upload: envelope.upload,
    details: envelope.details,
    retryAfterMs: answer.retryAfterMs,
  });
}

/** Makes the error of the right class, with everything in its message that a reader needs and nothing secret. */
export function apiError(facts: ErrorFacts & { what: string; text: string; credentials: readonly string[] }): ApiError {
  const lower = facts.code.toLowerCase();
  const code = AUTH.has(lower) ? "unauthorized" : lower;
  const redactor = new Redactor(facts.credentials);
  const clean = (text: string): string => redactor.text(text).slice(0, MAX_TEXT);
  const suggestedAction = facts.suggestedAction ?? facts.detail?.suggested_action ?? ownAdvice(code);
  const marks = [
    code,
    facts.status === undefined ? undefined : `HTTP ${facts.status}`,
    facts.requestId === undefined ? undefined : `request ${facts.requestId}`,
  ].filter((mark) => mark !== undefined);
  const sentences = [clean(facts.text), suggestedAction === undefined ? "" : clean(suggestedAction)];
  const message = `Could not ${facts.what}: ${sentences.filter(Boolean).map(endSentence).join(" ")} (${marks.join(", ")})`;
  return new (errorClass(code, facts.upload?.reason))(message, { ...facts, code, suggestedAction });
}

/** For a key that is refused the way out is the same everywhere, and a service seldom says it. */
function ownAdvice(code: string): string | undefined {
  if (code !== "unauthorized") return undefined;
  return "Check NULLSPACE_API_KEY, and that NULLSPACE_API_URL is the service that the key belongs to";
}

function endSentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** `build_error` and `file_upload_error` envelopes stay what they are; a vague outer code gives way to the detail's. */
function preferDetail(outer: string, inner: string): string {
  return outer === "unknown" || outer === "internal_error" ? inner : outer;
}

/** A proxy or a crash answers without a code: the status is all there is. */
function codeOfStatus(status: number): string {
  return (
    { 401: "unauthorized", 403: "forbidden", 404: "not_found", 409: "conflict", 501: "not_implemented" }[status] ??
    "unknown"
  );
}

interface Envelope {
  text?: string | undefined;
  code?: string | undefined;
  requestId?: string | undefined;
  retryable?: boolean | undefined;
  suggestedAction?: string | undefined;
  detail?: TemplateFailureDetail | undefined;
  upload?: UploadFailure | undefined;
  details?: unknown;
}

async function readEnvelope(body: string): Promise<Envelope> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
  if (!isRecord(parsed)) return {};
  const nested = isRecord(parsed.error) ? parsed.error : {};
  const pick = (name: string): unknown => nested[name] ?? parsed[name];
  const wire = await loadWire();
  const detail = wire.TemplateFailureDetail.safeParse(pick("error_detail"));
  // What an upload's detail says of itself wins over the envelope, as a template's does.
  const upload = readUploadFailure(pick("error_detail"));
  const inner = (name: string): unknown =>
    upload === undefined ? undefined : (pick("error_detail") as Record<string, unknown>)[name];
  return {
    text: string(parsed.error) ?? string(pick("message")),
    code: string(pick("code")),
    requestId: string(inner("request_id")) ?? string(pick("request_id")),
    retryable: flag(inner("retryable")) ?? flag(pick("retryable")),
    suggestedAction: string(pick("suggested_action")),
    detail: detail.success ? detail.data : undefined,
    upload,
    // A detail of another shape (an upload's, a newer service's) is handed on as it is, not lost.
    details: pick("details") ?? (detail.success ? undefined : pick("error_detail")),
  };
}

function flag(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

function string(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
