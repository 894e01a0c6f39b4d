import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LonelyService } from "./lonely-service.ts";

let service: LonelyService;
// The document is looked into all over.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
let document: any;

beforeAll(async () => {
  service = await LonelyService.start();
  ({ json: document } = await service.raw("GET", "/openapi.json", { headers: { authorization: "" } }));
});

afterAll(() => service[Symbol.asyncDispose]());

interface Response {
  headers: Record<string, unknown>;
  content?: unknown;
  links?: Record<string, { operationId: string; parameters: object }>;
}

/** Calls of the contract, as its tables number them, with their status of success and the errors that it declares. */
const CALLS: [number: string, call: string, statuses: string][] = [
  ["B1", "post /v1/templates/build", "200 400 401 503"],
  ["B2", "post /v1/templates/builds", "202 400 401 503"],
  ["B3", "post /v1/templates", "201 400 401 503"],
  ["B4", "post /v1/templates/validate", "200 401 503"],
  ["B5", "post /v1/templates/plan", "200 400 401 503"],
  ["B6", "get /v1/templates/builds/{build_id}", "200 401 404 503"],
  ["B7", "get /v1/templates/builds/{build_id}/logs", "200 401 404 503"],
  ["B8", "post /v1/templates/builds/{build_id}/cancel", "200 401 404 503"],
  ["B9", "post /v1/templates/builds/{build_id}/retry", "202 400 401 404 503"],
  ["B10", "post /v1/templates/builds/{build_id}/promote", "200 400 401 404 409 503"],
  ["B11", "get /v1/templates/{ref}/builds", "200 401 404 503"],
  ["B12", "get /v1/templates/refs/{ref}/builds", "200 400 401 404 503"],
  ["F1", "post /v1/templates/blobs/preflight", "200 400 401 503"],
  ["F2", "put /v1/templates/blobs/{blob_id}", "204 400 401 503"],
  ["T1", "get /v1/templates", "200"],
  ["T2", "get /v1/templates/refs/{ref}", "200 400 404"],
  ["T3", "delete /v1/templates/refs/{ref}", "204 400 404"],
  ["T4", "post /v1/templates/refs/{ref}/tags", "200 400 404"],
  ["T5", "get /v1/templates/refs/{ref}/tags", "200 400 404"],
  ["T6", "delete /v1/templates/refs/{ref}/tags/{tag}", "204 400 404"],
  ["T7", "get /v1/templates/refs/{ref}/aliases", "200 400 404"],
  ["T8", "delete /v1/templates/refs/{ref}/aliases/{alias}", "204 400 404"],
  ["T9", "post /v1/templates/refs/{ref}/rename", "200 400 404 409"],
  ["T10", "patch /v1/templates/refs/{ref}/visibility", "200 400 404"],
  ["T11", "post /v1/templates/claims", "201 400 409"],
  ["T12", "delete /v1/templates/claims/{claim_token}", "204 404 409"],
  ["T13", "get /v1/templates/namespaces/{slug}", "200 404"],
  ["P1", "post /v1/template-warm-pools", "201 400 401 404 503"],
  ["P2", "get /v1/template-warm-pools", "200 401"],
  ["P3", "get /v1/template-warm-pools/{id}", "200 401 404"],
  ["P4", "patch /v1/template-warm-pools/{id}", "200 400 401 404"],
  ["P5", "delete /v1/template-warm-pools/{id}", "200 401 404"],
  ["P6", "get /v1/template-warm-pools/{id}/status", "200 401 404"],
  ["P7", "post /v1/template-warm-pools/{id}/enable", "200 401 404"],
  ["P8", "post /v1/template-warm-pools/{id}/disable", "200 401 404"],
  ["P9", "post /v1/template-warm-pools/{id}/drain", "200 401 404"],
  ["P10", "post /v1/template-warm-pools/{id}/reconcile", "200 401 404"],
  ["M1", "post /v1/machines", "201 400 401 409 429 503"],
  ["M2", "get /v1/machines/{id}", "200 404"],
  ["M3", "get /v1/machines", "200 401"],
  ["M4", "delete /v1/machines/{id}", "200 404"],
  ["M5", "post /v1/machines/{id}/exec", "200 400 404 502 504"],
  ["M6", "post /v1/machines/{id}/timeout", "200"],
  ["M7", "post /v1/machines/{id}/resume", "200 404 409"],
  ["M8", "get /v1/machines/{id}/processes", "200"],
  ["M8", "get /v1/machines/{id}/processes/{pid}/logs", "200"],
  ["M8", "post /v1/machines/{id}/processes/{pid}/kill", "204"],
  ["M8", "post /v1/machines/{id}/processes/{pid}/stdin", "204"],
  // Not in this service, and that is said.
  ["M9", "get /v1/machines/{id}/ws", "501"],
  ["", "get /healthz", "200"],
];

describe("the service's description of itself", () => {
  it.each(CALLS)("has %s %s with %s", (_number, call, statuses) => {
    const [method = "", path = ""] = call.split(" ");
    const operation = document.paths[path]?.[method];
    expect(Object.keys(operation?.responses ?? {})).toEqual(expect.arrayContaining(statuses.split(" ")));
    expect([operation.operationId, operation.summary]).not.toContain(undefined);
  });

  it("gives every error of every call the same body, and every answer a request id", () => {
    for (const operation of operations()) {
      for (const [status, response] of Object.entries<Response>(operation.responses)) {
        expect(response.headers["x-request-id"]).toBeDefined();
        if (status < "400") continue;
        const envelope = { $ref: "#/components/schemas/ErrorEnvelope" };
        // The same with what was looked at.
        const notReady = { anyOf: [{ $ref: "#/components/schemas/NotReady" }, envelope] };
        const isReadiness = operation.operationId === "getReadiness" && status === "503";
        expect(response.content).toEqual({ "application/json": { schema: isReadiness ? notReady : envelope } });
      }
    }
  });

  it("names each call once", () => {
    const ids = operations().map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("asks for a key everywhere but where none is needed", () => {
    expect(document.security).toEqual([{ key: [] }]);
    const open = operations().filter(({ security }) => security?.length === 0);
    expect(open.map(({ operationId }) => operationId)).toEqual(["getOpenApi", "getHealth", "getReadiness"]);
  });

  it("says what goes into a request: bytes, an idempotency key, a body that may be left out", () => {
    const { paths } = document;
    expect(paths["/v1/templates/blobs/{blob_id}"].put.requestBody).toMatchObject({
      required: false,
      content: { "application/octet-stream": { schema: { type: "string", format: "binary" } } },
    });
    expect(paths["/v1/machines"].post.parameters).toContainEqual(
      expect.objectContaining({ in: "header", name: "idempotency-key", required: true }),
    );
    for (const call of ["cancel", "retry"]) {
      expect(paths[`/v1/templates/builds/{build_id}/${call}`].post.requestBody.required).toBe(false);
    }
    expect(paths["/v1/templates/builds"].post.requestBody.required).toBe(true);
  });

  it("lists the members and values of answers to the end", () => {
    const { ErrorEnvelope, TemplateBuild, WarmPool } = document.components.schemas;
    expect(ErrorEnvelope.additionalProperties).toBe(false);
    expect(ErrorEnvelope.properties.code.enum).toContain("template_not_found");
    expect(ErrorEnvelope.properties.request_id.type).toBe("string");
    expect(TemplateBuild.properties.status.enum).toEqual(["waiting", "building", "ready", "error", "cancelled"]);
    // The published Python client breaks on any other member of a rollout.
    expect(WarmPool.properties.rollout_status).toEqual({ $ref: "#/components/schemas/RolloutStatus" });
    expect(document.components.schemas.RolloutStatus.additionalProperties).toBe(false);
  });

  it("links a call only to calls and parameters that there are", () => {
    const known = new Map(operations().map((operation) => [operation.operationId, operation]));
    const links = operations().flatMap(({ responses }) =>
      Object.values<Response>(responses).flatMap((response) => Object.values(response.links ?? {})),
    );
    expect(links.length).toBeGreaterThan(30);
    for (const { operationId, parameters } of links) {
      const names = known.get(operationId)?.parameters.map(({ name }: { name: string }) => name);
      expect(names, operationId).toEqual(expect.arrayContaining(Object.keys(parameters)));
    }
  });

  it("refers to nothing that there is not, and holds nothing that nobody refers to", () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
    const names = references.map(([, name]) => name);
    expect([...new Set(names)].sort()).toEqual(Object.keys(document.components.schemas).sort());
  });
});

// eslint-disable-next-line @typescript-eslint/no-explicit-any
function operations(): any[] {
  return Object.values(document.paths).flatMap((item) => Object.values(item as object));
}
