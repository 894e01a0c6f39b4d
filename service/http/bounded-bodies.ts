import { Transform, type TransformCallback } from "node:stream";
import { errorCodes } from "fastify";
import { MAX_CONTEXT_ENTRIES } from "../blobs/blob-limits.ts";
import { tooManyEntries } from "../blobs/upload-error.ts";
import { InvalidRequestError, ServiceError } from "../errors.ts";
import { MAX_DEPTH, TOO_DEEP } from "./json-body.ts";
import { JsonValueCounter } from "./json-value-counter.ts";
import type { ServiceApp } from "./service-app.ts";

/** An entry of a context has up to ten values; the rest of a request is small beside 20,000 of them. */
export const MAX_BODY_VALUES = MAX_CONTEXT_ENTRIES * 15;

/**
 * Refuses a JSON body of more values than any call needs before any of them is made: a million small ones fit into the
 * bytes that a context's body may have, and would hold up everybody while they are read. Such a body is counted to its
 * end, piece by piece, and not kept.
 */
export function boundBodies(app: ServiceApp): void {
  app.addHook("preParsing", async (request, _reply, payload) => {
    if (request.headers["content-type"]?.startsWith("application/json") !== true) return payload;
    const counted = boundedBody(request.routeOptions.bodyLimit);
    payload.once("error", (error) => counted.destroy(error));
    return payload.pipe(counted);
  });
}

function boundedBody(limitBytes: number): Transform {
  const counter = new JsonValueCounter();
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      bytes += chunk.length;
      // Fastify counts what it is handed on, which is not all.
      if (bytes > limitBytes) return done(errorCodes.FST_ERR_CTP_BODY_TOO_LARGE());
      counter.add(chunk);
      if (isTooMuch(counter)) done();
      else done(null, chunk);
    },
    flush(done: TransformCallback) {
      done(isTooMuch(counter) ? withStatus(problemOf(counter)) : null);
    },
  });
}

function isTooMuch({ values }: JsonValueCounter): boolean {
  return values > MAX_BODY_VALUES;
}

function problemOf({ values, entries, deepest }: JsonValueCounter): ServiceError {
  if (deepest > MAX_DEPTH) return new InvalidRequestError(`The request's body ${TOO_DEEP}.`);
  if (entries > MAX_CONTEXT_ENTRIES) return tooManyEntries(entries);
  return new ServiceError(`The request's body holds ${values} values; the most is ${MAX_BODY_VALUES}.`, {
    code: "invalid_request",
    status: 413,
    retryable: false,
  });
}

/** Fastify takes the status of an error in a body from this member. */
function withStatus(error: ServiceError): ServiceError & { statusCode: number } {
  return Object.assign(error, { statusCode: error.status });
}
