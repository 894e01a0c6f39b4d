import { ErrorEnvelope } from "pulumi-nullspace/wire";

/** What the statuses of the service's errors mean, in the words of `/openapi.json`. */
const MEANINGS = {
  400: "The request is wrong; repeating it unchanged cannot succeed",
  401: "No API key, or not the key of this service",
  403: "Not allowed, whatever the key",
  404: "What the path or the body names does not exist",
  408: "The request was not complete in time",
  409: "What it is about is in a state that forbids it",
  413: "The body is larger than this call accepts",
  414: "A part of the path is longer than anything it could name",
  415: "The body has another content type than this call accepts",
  421: "The Host header names no host of this service",
  429: "A limit of the service is reached",
  500: "An internal error; the log of the service holds its cause under the request id",
  501: "This service does not do it",
  502: "The machine's answer cannot be understood",
  503: "Docker Engine does not answer or has no room, or the service is stopping; try again later",
  504: "The command in the machine took longer than it may",
  507: "No room is left where the service keeps its data; try again when there is",
} as const;

/** A status that the service answers an error with. */
export type ErrorStatus = keyof typeof MEANINGS;

/** What is wrong with the service, or with how a request comes in, whatever the call. */
const ANY: readonly ErrorStatus[] = [400, 408, 421, 500, 503, 507];

interface ErrorResponse {
  description: string;
  content: { "application/json": { schema: typeof ErrorEnvelope } };
}

/** Errors of a call that needs no key. */
export function publicErrorResponses(...more: ErrorStatus[]): Record<ErrorStatus, ErrorResponse> {
  return Object.fromEntries(
    [...ANY, ...more].map((status) => [
      status,
      { description: MEANINGS[status], content: { "application/json": { schema: ErrorEnvelope } } },
    ]),
  ) as Record<ErrorStatus, ErrorResponse>;
}

/** Errors of a call with a key: what any request may have wrong, and the given ones. */
export function errorResponses(...more: ErrorStatus[]): Record<ErrorStatus, ErrorResponse> {
  return publicErrorResponses(401, 414, ...more);
}

/** The same for a call whose body is read as JSON: any but GET, whether it has a use for one or not. */
export function bodyErrorResponses(...more: ErrorStatus[]): Record<ErrorStatus, ErrorResponse> {
  return errorResponses(413, 415, ...more);
}
