import { createRequire } from "node:module";
import type * as ajv from "ajv/dist/2020.js";
import type * as formats from "ajv-formats";

// Loaded where it is needed: every test file imports this one, and most of them never start a service.
const load = createRequire(import.meta.url);

/** An answer as it went over the wire. */
export interface ObservedAnswer {
  method: string;
  /** Path and query, as the router saw them. */
  url: string;
  status: number;
  headers: Record<string, unknown>;
  body: string;
  /** The caller hung up before the end: the body may be cut anywhere. */
  isCut: boolean;
}

interface Operation {
  method: string;
  template: string;
  segments: string[];
  responses: Record<string, { content?: Record<string, unknown> }>;
}

/** Statuses that a path may have for which there is no call at all; 501 where the product's API has one. */
const WITHOUT_CALL = [400, 401, 404, 414, 501, 503];

const DOCUMENT = "openapi";

/** Whether an answer is one of the page for people, which is no call of the API: `test/contract/page/` has its rules. */
function isOfPage({ url, status }: ObservedAnswer): boolean {
  const path = url.split("?", 1)[0] ?? "";
  return path === "/ui" || path.startsWith("/ui/") || (path === "/" && status === 303);
}

/** The service's own description of its answers, and whether an answer is as described. */
export class Description {
  readonly #ajv: ajv.Ajv2020;
  readonly #operations: Operation[];
  readonly #validators = new Map<string, ajv.ValidateFunction>();

  /** @param document `GET /openapi.json` */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- it is validated as a whole elsewhere
  constructor(document: any) {
    const { Ajv2020: Ajv } = load("ajv/dist/2020.js") as typeof ajv;
    const { default: addFormats } = load("ajv-formats") as typeof formats;
    // Keywords of OpenAPI are none of JSON Schema, and so are two of its formats.
    this.#ajv = new Ajv({ strict: false, allErrors: false });
    addFormats.default(this.#ajv).addFormat("binary", true).addFormat("byte", true);
    this.#ajv.addSchema(document, DOCUMENT);
    this.#operations = Object.entries(document.paths as Record<string, Record<string, Operation>>)
      .flatMap(([template, item]) =>
        Object.entries(item).map(([method, { responses }]) => ({
          method: method.toUpperCase(),
          template,
          segments: template.split("/"),
          responses,
        })),
      )
      .sort((a, b) => order(a.segments).localeCompare(order(b.segments)));
  }

  /** @returns what about the answer is not as described; `undefined` when all is */
  problemOf(answer: ObservedAnswer): string | undefined {
    const requestId = answer.headers["x-request-id"];
    if (typeof requestId !== "string") return "it carries no x-request-id";
    if (isOfPage(answer)) return undefined;
    const operation = this.#operationOf(answer);
    if (operation === undefined) {
      if (!WITHOUT_CALL.includes(answer.status)) return "no such call is described";
      return this.#jsonProblem(answer, "#/components/schemas/ErrorEnvelope");
    }
    const response = operation.responses[answer.status];
    if (response === undefined) return "the status is not described";
    const type = String((answer.headers["content-type"] as string | undefined) ?? "").split(";", 1)[0] ?? "";
    if (response.content === undefined)
      return answer.body === "" && type === "" ? undefined : "it has a body, and none is described";
    if (response.content[type] === undefined) return `the content type "${type}" is not described`;
    if (type === "text/event-stream") return this.#streamProblem(answer);
    if (type === "application/octet-stream" || type === "text/plain") return undefined;
    const { template, method } = operation;
    const steps = [
      "paths",
      template,
      method.toLowerCase(),
      "responses",
      String(answer.status),
      "content",
      type,
      "schema",
    ];
    return this.#jsonProblem(
      answer,
      `#/${steps.map((step) => encodeURIComponent(step.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/")}`,
    );
  }

  #operationOf({ method, url }: ObservedAnswer): Operation | undefined {
    const given = (url.split("?", 1)[0] ?? "").split("/");
    return this.#operations.find(
      ({ method: wanted, segments }) =>
        wanted === method &&
        segments.length === given.length &&
        segments.every((segment, index) => (segment.startsWith("{") ? given[index] !== "" : segment === given[index])),
    );
  }

  #jsonProblem(answer: ObservedAnswer, pointer: string): string | undefined {
    if (answer.isCut) return undefined;
    let value: unknown;
    try {
      value = JSON.parse(answer.body);
    } catch (error) {
      return `the body is no JSON: ${String(error)}`;
    }
    const problem = this.#problemIn(value, pointer);
    if (problem !== undefined || answer.status < 400) return problem;
    const { request_id: requestId } = value as { request_id?: unknown };
    return requestId === answer.headers["x-request-id"] ? undefined : "its request_id is not that of the header";
  }

  #streamProblem({ body, isCut }: ObservedAnswer): string | undefined {
    const frames = body.split("\n\n");
    const last = frames.pop();
    if (last !== "" && !isCut) return `the stream ends inside a frame: ${last}`;
    for (const frame of frames.filter((one) => !one.startsWith(":"))) {
      const [, id, data] = /^id: (\d+)\nevent: log\ndata: (\{.*\})$/.exec(frame) ?? [];
      if (id === undefined || data === undefined) return `a frame is no log entry: ${frame}`;
      const entry = JSON.parse(data) as { offset: number };
      const problem = this.#problemIn(entry, "#/components/schemas/LogEntry");
      if (problem !== undefined) return `${problem} in the frame ${frame}`;
      if (entry.offset !== Number(id)) return `the frame's id is not the offset of its entry: ${frame}`;
    }
    return undefined;
  }

  #problemIn(value: unknown, pointer: string): string | undefined {
    const validate = this.#validators.get(pointer) ?? this.#ajv.compile({ $ref: `${DOCUMENT}${pointer}` });
    this.#validators.set(pointer, validate);
    if (validate(value)) return undefined;
    const [error] = validate.errors ?? [];
    return `${error?.instancePath || "the body"} ${error?.message ?? "is not as described"} (${JSON.stringify(error?.params)})`;
  }
}

/** Orders paths as the router tries them: a fixed segment before a parameter, from the left. */
function order(segments: string[]): string {
  return segments.map((segment) => (segment.startsWith("{") ? "1" : "0")).join("");
}
