import { isUtf8 } from "node:buffer";
import { InvalidRequestError } from "../errors.ts";
import type { ServiceApp } from "./service-app.ts";

/** Deepest JSON that is taken. The bodies of the contract have a dozen levels, and what writes them out again recurses. */
export const MAX_DEPTH = 100;
/** What is said of a body that is. */
export const TOO_DEEP = `is nested deeper than ${MAX_DEPTH} levels`;

/**
 * Takes JSON bodies and no others. An empty body is no body. One that is not UTF-8, is nested deeper than
 * {@link MAX_DEPTH} or holds half a surrogate pair is refused: it could not be stored or answered as it came.
 */
export function acceptJsonBodies(app: ServiceApp): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body: Buffer, done) => {
    if (body.length === 0) return done(null, undefined);
    if (!isUtf8(body)) return done(new InvalidRequestError("The request's body is not UTF-8 text."));
    void parse(request, body.toString("utf8"), (error, value) => {
      const problem = error === null ? problemIn(value, MAX_DEPTH) : undefined;
      if (problem === undefined) done(error, value);
      else done(new InvalidRequestError(`The request's body ${problem}.`));
    });
  });
}

function problemIn(value: unknown, depthLeft: number): string | undefined {
  if (typeof value === "string") return value.isWellFormed() ? undefined : "holds half a surrogate pair in a string";
  if (value === null || typeof value !== "object") return undefined;
  if (depthLeft === 0) return TOO_DEEP;
  if (Array.isArray(value)) {
    for (const item of value) {
      const problem = problemIn(item, depthLeft - 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  for (const key in value) {
    const problem = problemIn(key, 0) ?? problemIn((value as Record<string, unknown>)[key], depthLeft - 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
