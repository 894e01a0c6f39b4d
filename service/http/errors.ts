import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors, isResponseSerializationError } from "fastify-type-provider-zod";
import { Redactor, secretsIn } from "pulumi-nullspace/secrets";
import { TemplateRefError, type ErrorEnvelope } from "pulumi-nullspace/wire";
import * as z from "zod";
import { asError, ConflictError, InvalidRequestError, ResourceNotFoundError, ServiceError } from "../errors.ts";
import { GuestNotPausedError, GuestNotRunningError } from "../fleet/guests/driver-errors.ts";

/** At most this many problems of one request are spelled out in its answer. */
const MAX_LISTED_PROBLEMS = 5;

/** Bodies that never reach a route, by the code of what refused them. */
const REFUSED_BODIES: Record<string, { status: number; message: string; suggestedAction?: string }> = {
  FST_ERR_CTP_INVALID_JSON_BODY: { status: 400, message: "The request's body is not JSON." },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    message: "This call takes a JSON body.",
    suggestedAction: "Send it with the header `Content-Type: application/json`.",
  },
  FST_ERR_CTP_BODY_TOO_LARGE: {
    status: 413,
    message: "The request's body is larger than this call accepts.",
    suggestedAction: "Send less at once; the files of a build context go up as blobs.",
  },
};

/** What Fastify makes of a request that breaks off. */
function isCutShort(error: Partial<FastifyError>): boolean {
  return error.code === "ECONNRESET" && error.statusCode === 400;
}

/** The error that the caller is to see; what is not meant for callers becomes a plain 500. */
export function toServiceError(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  if (thrown instanceof TemplateRefError) return new InvalidRequestError(thrown.message, { cause: thrown });
  if (thrown instanceof GuestNotRunningError) {
    return new ConflictError("The machine is no longer running.", { code: "machine_not_ready", cause: thrown });
  }
  if (thrown instanceof GuestNotPausedError) {
    return new ConflictError("The machine is not paused.", { code: "machine_not_ready", cause: thrown });
  }
  if (hasZodFastifySchemaValidationErrors(thrown)) return invalidInput(thrown as unknown as FastifyError);
  const error = asError(thrown) as Partial<FastifyError> & Error;
  const known = error.code === undefined ? undefined : REFUSED_BODIES[error.code];
  if (known !== undefined) {
    const { status, ...rest } = known;
    return new ServiceError(rest.message, { code: "invalid_request", retryable: false, cause: error, ...rest, status });
  }
  if (isCutShort(error)) {
    return new InvalidRequestError("The connection ended before the whole request was sent.", { cause: error });
  }
  if (error.code?.startsWith("FST_") && error.statusCode !== undefined && error.statusCode < 500) {
    return new ServiceError(error.message, {
      code: error.statusCode === 404 ? "not_found" : "invalid_request",
      status: error.statusCode,
      retryable: false,
      cause: error,
    });
  }
  return new ServiceError("The service met an internal error. Its log holds the cause under this request id.", {
    code: "internal_error",
    status: 500,
    retryable: false,
    cause: error,
  });
}

/** For requests that carry no secret. */
const NOTHING_SECRET = new Redactor([]);

/** The error envelope of the contract (flat form), its free texts masked; absent members are left out, never null. */
export function toEnvelope(error: ServiceError, requestId: string, redactor: Redactor = NOTHING_SECRET): ErrorEnvelope {
  return {
    error: redactor.text(error.message),
    code: error.code,
    request_id: requestId,
    ...(error.buildId !== undefined && { build_id: error.buildId }),
    ...(error.retryable !== undefined && { retryable: error.retryable }),
    ...(error.suggestedAction !== undefined && { suggested_action: redactor.text(error.suggestedAction) }),
    ...(error.detail !== undefined && { error_detail: maskDetail(error.detail, redactor) }),
    ...(error.details !== undefined && { details: redactor.value(error.details) }),
  };
}

function maskDetail(detail: Record<string, unknown>, redactor: Redactor): ErrorEnvelope["error_detail"] {
  const { message, suggested_action, details } = detail;
  const texts = { message, suggested_action, details };
  const given = Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== undefined));
  return { ...detail, ...redactor.value(given) } as ErrorEnvelope["error_detail"];
}

/** Answers a thrown error; 5xx go to the log with their cause. */
export function handleError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = toServiceError(thrown);
  const redactor = redactorOf(request);
  if (error.status >= 500) {
    const source = error.cause ?? error;
    const cause = source instanceof Error && isResponseSerializationError(source) ? source.cause : source;
    request.log.error({ err: redactedError(cause, redactor), code: error.code }, "request failed");
  }
  void reply.header("x-request-id", request.id);
  // A body that was not read to its end would be taken for the next request on this connection.
  if (error.status === 413) void reply.header("connection", "close");
  void reply
    .status(error.status)
    .type("application/json")
    .send(JSON.stringify(toEnvelope(error, request.id, redactor)));
}

/** The error for the log: its texts without secrets. */
function redactedError(cause: unknown, redactor: Redactor): unknown {
  if (redactor === NOTHING_SECRET) return cause;
  const { name, message, stack } = asError(cause);
  return { type: name, message: redactor.text(message), stack: redactor.text(stack ?? "") };
}

/** Masks what the schema of the request's body calls secret. A body that does not fit the schema has secrets, too. */
function redactorOf({ routeOptions, body }: FastifyRequest): Redactor {
  // Of a request that failed before it was routed nothing is known but its line.
  const schema = routeOptions?.schema?.body;
  if (!(schema instanceof z.ZodType)) return NOTHING_SECRET;
  return new Redactor([...secretsIn(schema, body)].map(({ value }) => value));
}

/** Answers a path that no route serves. */
export function handleUnknownRoute(request: FastifyRequest, reply: FastifyReply): void {
  const path = request.url.split("?", 1)[0] ?? "";
  handleError(new ResourceNotFoundError("not_found", `There is no ${request.method} ${path}.`), request, reply);
}

function invalidInput(error: FastifyError): InvalidRequestError {
  const problems = (error.validation ?? []).map(({ instancePath, message }) => ({
    // JSON pointer `/steps/0/packages` as a reader would write it: `steps[0].packages`.
    path: instancePath
      .split("/")
      .slice(1)
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
      .reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : path === "" ? part : `${path}.${part}`), ""),
    message: message ?? "is invalid",
  }));
  const listed = problems
    .slice(0, MAX_LISTED_PROBLEMS)
    .map(({ path, message }) => (path ? `${path}: ${message}` : message));
  const rest = problems.length - listed.length;
  return new InvalidRequestError(
    `The request's ${error.validationContext ?? "input"} is invalid: ${listed.join("; ")}${rest > 0 ? `; and ${rest} more` : ""}`,
    { details: { problems: problems.slice(0, MAX_LISTED_PROBLEMS) }, cause: error },
  );
}
