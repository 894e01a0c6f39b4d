import { request } from "undici";

/** No answer came: whether the service did what it was asked is not known. */
export class NoAnswerError extends Error {}

// Bodies of every kind are looked into.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Answer = { status: number; body: any };

/** One call, tried once. @throws NoAnswerError when the service went away before its answer was whole */
export type Call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;

/** Calls to a service, none of which is repeated. */
export function callsTo({ url, apiKey }: { url: string; apiKey: string }): Call {
  return async (method, path, body, headers = {}) => {
    try {
      const answer = await request(url + path, {
        method: method as "GET",
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(body !== undefined && { "content-type": "application/json" }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await answer.body.text();
      const isJson = String(answer.headers["content-type"] ?? "").startsWith("application/json");
      return { status: answer.statusCode, body: isJson ? JSON.parse(text) : text };
    } catch (error) {
      throw new NoAnswerError(`${method} ${path} has no answer`, { cause: error });
    }
  };
}

/** A ref as one segment of a path. */
export const segment = (ref: string): string => encodeURIComponent(ref);
