import grpc from "@grpc/grpc-js";
import type { Redactor } from "../../sdk/secrets/index.ts";
import { explain } from "../core/explain.ts";
import type { StatusError } from "../values/status-detail.ts";
import { statusOf } from "./status-errors.ts";

/** An error that is a status already. */
export class StatusFailure extends Error {
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

/**
 * Makes handlers from functions: what these throw becomes a status, without the secrets that may have come in.
 *
 * @example
 *   const unary = unaryWith(secrets);
 *   const cancel = unary(async () => new Empty());
 */
export function unaryWith(secrets: Redactor) {
  return <Request, Response>(
      handle: (request: Request) => Promise<Response>,
    ): grpc.handleUnaryCall<Request, Response> =>
    (call, callback) => {
      handle(call.request).then(
        (response) => callback(null, response),
        (error: unknown) => {
          const status = toStatus(error);
          callback({ ...status, details: secrets.text(status.details) });
        },
      );
    };
}

function toStatus(error: unknown): StatusError {
  if (error instanceof StatusFailure) return error.answer;
  const code = statusOf(error);
  // A fault of ours: whoever reports it needs the place.
  const stack = code === grpc.status.INTERNAL && error instanceof Error ? `\n${error.stack}` : "";
  return { code, details: `${explain(error)}${stack}` };
}
