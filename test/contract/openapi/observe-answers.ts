import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";
import { Description, type ObservedAnswer } from "./description.ts";

/** What is seen of the answers of this process's services. */
export interface Observation {
  /** Answers checked so far. */
  answers: number;
  /** Each answer that is not as `/openapi.json` says: method, path, status, reason and body. */
  problems: string[];
}

/** Longest quote of a body in a problem. */
const MAX_QUOTE = 600;

/**
 * Checks every answer of every service in this process against the service's own `/openapi.json`, whoever the client is.
 * It listens where Node and Fastify tell of themselves (`diagnostics_channel`), so nothing in the service knows of it.
 */
export function observeAnswers(onProblem?: (problem: string) => void): Observation {
  const observation: Observation = { answers: 0, problems: [] };
  const services = new WeakMap<Server, FastifyInstance>();
  const descriptions = new Map<string, Description>();

  subscribe("fastify.initialization", (message) => {
    const { fastify } = message as { fastify: FastifyInstance };
    services.set(fastify.server, fastify);
  });
  subscribe("http.server.request.start", (message) => {
    const { server, request, response } = message as {
      server: Server;
      request: IncomingMessage;
      response: ServerResponse;
    };
    const service = services.get(server);
    // Servers of a test itself describe nothing.
    if (service?.hasDecorator("swagger") !== true) return;
    const { headers, body } = capture(response);
    response.once("close", () => {
      // Nothing was answered: the caller was gone before.
      if (!response.headersSent) return;
      observation.answers += 1;
      const { method = "", url = "" } = request;
      const answer: ObservedAnswer = {
        method,
        url,
        status: response.statusCode,
        headers: { ...response.getHeaders(), ...headers },
        body: Buffer.concat(body).toString("utf8"),
        isCut: !response.writableFinished,
      };
      const description = descriptionOf(service, descriptions);
      if (description === undefined) return;
      const problem = description.problemOf(answer);
      if (problem === undefined) return;
      const text = `${method} ${url} answered ${answer.status}: ${problem}\n  ${answer.body.slice(0, MAX_QUOTE)}`;
      observation.problems.push(text);
      onProblem?.(text);
    });
  });
  return observation;
}

function descriptionOf(service: FastifyInstance, known: Map<string, Description>): Description | undefined {
  let document: object;
  try {
    document = (service as unknown as { swagger: () => object }).swagger();
  } catch (error) {
    // Only where a test has the provider in the service's process: its schemas bear some of the same names, in zod's one
    // registry. Such a process makes no description, and its service would answer GET /openapi.json with 500.
    if (error instanceof Error && error.message.startsWith("Duplicate schema id")) return undefined;
    throw error;
  }
  const text = JSON.stringify(document);
  const description = known.get(text) ?? new Description(JSON.parse(text));
  known.set(text, description);
  return description;
}

/** Collects what a response writes: the headers that go out with the status alone, and the body. */
function capture(response: ServerResponse): { headers: Record<string, unknown>; body: Buffer[] } {
  const headers: Record<string, unknown> = {};
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => never;
  response.writeHead = (...args: unknown[]) => {
    const given = args.find((arg) => typeof arg === "object" && arg !== null);
    for (const [name, value] of Object.entries(given ?? {})) headers[name.toLowerCase()] = value;
    return writeHead(...args);
  };
  const body: Buffer[] = [];
  for (const name of ["write", "end"] as const) {
    const original = response[name].bind(response) as (...args: unknown[]) => never;
    response[name] = (...args: unknown[]) => {
      const [chunk] = args;
      if (typeof chunk === "string" || chunk instanceof Uint8Array) body.push(Buffer.from(chunk as string));
      return original(...args);
    };
  }
  return { headers, body };
}
