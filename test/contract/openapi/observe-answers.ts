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
  const descriptionOf = describer();

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
      const problem = descriptionOf(service).problemOf(answer);
      if (problem === undefined) return;
      const text = `${method} ${url} answered ${answer.status}: ${problem}\n  ${answer.body.slice(0, MAX_QUOTE)}`;
      observation.problems.push(text);
      onProblem?.(text);
    });
  });
  return observation;
}

/** The description of each service; services that say the same share what is compiled of it. */
function describer(): (service: FastifyInstance) => Description {
  const ofService = new WeakMap<FastifyInstance, Description>();
  const ofText = new Map<string, Description>();
  return (service) => {
    let description = ofService.get(service);
    if (description === undefined) {
      const text = JSON.stringify((service as unknown as { swagger: () => object }).swagger());
      description = ofText.get(text) ?? new Description(JSON.parse(text));
      ofText.set(text, description);
      ofService.set(service, description);
    }
    return description;
  };
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
