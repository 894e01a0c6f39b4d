import { afterAll, beforeAll, expect, it } from "vitest";
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

/** Calls of the contract, as its tables number them. */
const CALLS = {
  B1: "post /v1/templates/build",
  B2: "post /v1/templates/builds",
  B3: "post /v1/templates",
  B4: "post /v1/templates/validate",
  B5: "post /v1/templates/plan",
  B6: "get /v1/templates/builds/{build_id}",
  B7: "get /v1/templates/builds/{build_id}/logs",
  B8: "post /v1/templates/builds/{build_id}/cancel",
  B9: "post /v1/templates/builds/{build_id}/retry",
  B10: "post /v1/templates/builds/{build_id}/promote",
  B12: "get /v1/templates/refs/{ref}/builds",
  F1: "post /v1/templates/blobs/preflight",
  F2: "put /v1/templates/blobs/{blob_id}",
  T1: "get /v1/templates",
  T2: "get /v1/templates/refs/{ref}",
  T3: "delete /v1/templates/refs/{ref}",
  T4: "post /v1/templates/refs/{ref}/tags",
  T5: "get /v1/templates/refs/{ref}/tags",
  T6: "delete /v1/templates/refs/{ref}/tags/{tag}",
  T7: "get /v1/templates/refs/{ref}/aliases",
  T8: "delete /v1/templates/refs/{ref}/aliases/{alias}",
  T9: "post /v1/templates/refs/{ref}/rename",
  T10: "patch /v1/templates/refs/{ref}/visibility",
  T11: "post /v1/templates/claims",
  T12: "delete /v1/templates/claims/{claim_token}",
  T13: "get /v1/templates/namespaces/{slug}",
  P1: "post /v1/template-warm-pools",
  P4: "patch /v1/template-warm-pools/{id}",
  P10: "post /v1/template-warm-pools/{id}/reconcile",
  M1: "post /v1/machines",
  M5: "post /v1/machines/{id}/exec",
};

const SUCCESS: Record<string, string> = {
  B2: "202",
  B3: "201",
  B9: "202",
  F2: "204",
  T3: "204",
  T6: "204",
  T8: "204",
  T11: "201",
  T12: "204",
  P1: "201",
  M1: "201",
};

it("the service describes every call of the contract, with its status of success and its errors", () => {
  expect(document.openapi).toBe("3.1.0");
  for (const [number, call] of Object.entries(CALLS)) {
    const [method = "", path = ""] = call.split(" ");
    const operation = document.paths[path]?.[method];
    expect(operation, `${number} ${call}`).toBeDefined();
    const statuses = Object.keys(operation.responses);
    expect(statuses, `${number} ${call}`).toEqual(
      expect.arrayContaining([SUCCESS[number] ?? "200", "400", "401", "404", "503"]),
    );
  }
});

it("every reference in the description leads somewhere", () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
    ([, name]) => name,
  );
  expect(references.length).toBeGreaterThan(50);
  expect(references.filter((name) => document.components.schemas[name ?? ""] === undefined)).toEqual([]);
});
