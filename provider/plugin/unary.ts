import grpc from "@grpc/grpc-js";
import type { Redactor } from "../../sdk/secrets/index.ts";
import { explain, explainFault, isFault, stackOf } from "../core/explain.ts";
import type { StatusError } from "../values/status-detail.ts";
import type { EngineLog } from "./engine-log.ts";
import { statusOf } from "./status-errors.ts";

/** An error that is a status already. */
export class StatusFailure extends Error {
  readonly code = "status";
  readonly answer: StatusError;

  constructor(answer: StatusError) {
    super(answer.details);
    this.answer = answer;
  }
}

/** This provider does not have it. */
export function unsupported(what: string): StatusFailure {
  return new StatusFailure({ code: grpc.status.UNIMPLEMENTED, details: `this provider has no ${what}` });
}

/** Makes a handler from a function. */
export type Unary = <Request, Response>(
  handle: (request: Request, metadata: grpc.Metadata) => Promise<Response>,
) => grpc.handleUnaryCall<Request, Response>;

/**
 * Makes handlers from functions: what these throw becomes a status, without the secrets that may have come in.
 *
 * @param log told where a fault of ours happened; it is shown in a run with `--debug`
 * @example
 * ```ts
 * const unary = unaryWith(secrets, log);
 * const cancel = unary(async () => new Empty());
 * ```
 */
export function unaryWith(secrets: Redactor, log: EngineLog): Unary {
  return (handle) => (call, callback) => {
    handle(call.request, call.metadata).then(
      (response) => callback(null, response),
      (error: unknown) => {
        if (isFault(error)) log.forResource(urnOf(call.request))("debug", secrets.text(stackOf(error)));
        const status = toStatus(error);
        callback({ ...status, details: secrets.text(status.details) });
      },
    );
  };
}

function toStatus(error: unknown): StatusError {
  if (error instanceof StatusFailure) return error.answer;
  const details = isFault(error) ? explainFault(error, "Run pulumi with --debug to see where.") : explain(error);
  return { code: statusOf(error), details };
}

/** The resource that a request is about; `""` when it is about none. */
function urnOf(request: unknown): string {
  const { getUrn } = request as { getUrn?: () => string };
  return getUrn?.call(request) ?? "";
}
