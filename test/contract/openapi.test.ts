import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LonelyService } from "../unit/service/lonely-service.ts";
import { Description, type ObservedAnswer } from "./openapi/description.ts";

let service: LonelyService;
let document: object;
let description: Description;

beforeAll(async () => {
  service = await LonelyService.start();
  ({ json: document } = await service.raw("GET", "/openapi.json", { headers: { authorization: "" } }));
  description = new Description(document);
});

afterAll(() => service[Symbol.asyncDispose]());

it("the service's description is OpenAPI 3.1 to a validator that is not ours", () => {
  const program = "import json, sys; from openapi_spec_validator import validate; validate(json.load(sys.stdin))";
  const validate = (input: object) =>
    spawnSync(process.env.NULLSPACE_PYTHON ?? "python3", ["-c", program], {
      input: JSON.stringify(input),
      encoding: "utf8",
    });
  expect(validate(document).stderr).toBe("");
  expect(validate(document).status).toBe(0);
  // It does look: without what OpenAPI requires it complains.
  expect(validate({ ...document, info: {} }).status).not.toBe(0);
});

describe("the check of every answer", () => {
  const requestId = "req_1";
  const good: ObservedAnswer = {
    method: "GET",
    url: "/healthz",
    status: 200,
    headers: { "x-request-id": requestId, "content-type": "application/json; charset=utf-8" },
    body: '{"status":"ok"}',
    isCut: false,
  };
  const failed = (body: object): Partial<ObservedAnswer> => ({
    url: "/v1/templates/refs/none",
    status: 404,
    body: JSON.stringify(body),
  });
  const envelope = { error: "There is none.", code: "template_not_found", request_id: requestId };
  const streamed = (body: string): Partial<ObservedAnswer> => ({
    url: "/v1/templates/builds/tb_1/logs?follow=true",
    headers: { ...good.headers, "content-type": "text/event-stream" },
    body,
  });
  const entry = {
    build_id: "tb_1",
    template_id: "tmpl_1",
    offset: 0,
    timestamp: "2026-01-01T00:00:00Z",
    kind: "start",
    level: "info",
    message: "",
  };
  const frame = (data: object, id = 0) => `id: ${id}\nevent: log\ndata: ${JSON.stringify(data)}\n\n`;

  it.each<[string, Partial<ObservedAnswer>]>([
    ["as described", {}],
    ["an error", failed(envelope)],
    ["for which there is no call", { ...failed(envelope), method: "PUT", url: "/nowhere" }],
    ["a stream", streamed(`: log stream\n\n${frame(entry)}`)],
    ["a stream that was left", { ...streamed(`${frame(entry)}id: 1\nev`), isCut: true }],
    [
      "without a body",
      { method: "DELETE", url: "/v1/templates/a", status: 204, headers: { "x-request-id": "r" }, body: "" },
    ],
  ])("passes one that is %s", (_what, difference) => {
    expect(description.problemOf({ ...good, ...difference })).toBeUndefined();
  });

  it.each<[string, Partial<ObservedAnswer>, RegExp]>([
    ["a member that is not described", { body: '{"status":"ok","more":1}' }, /must NOT have additional properties/],
    ["a member missing", { body: "{}" }, /must have required property 'status'/],
    ["a value of another type", { body: '{"status":1}' }, /status must be string/],
    ["no JSON", { body: "ok" }, /no JSON/],
    ["a status that is not described", { status: 201 }, /the status is not described/],
    ["another content type", { headers: { ...good.headers, "content-type": "text/html" } }, /"text\/html" is not/],
    ["no request id", { headers: { "content-type": "application/json" } }, /no x-request-id/],
    ["a call that is not described", { url: "/v1/other" }, /no such call is described/],
    ["a code that is not described", failed({ ...envelope, code: "oops" }), /code must be equal to one of/],
    ["null for what is absent", failed({ ...envelope, build_id: null }), /build_id must be string/],
    ["the id of another request", failed({ ...envelope, request_id: "req_2" }), /not that of the header/],
    ["an entry that is not described", streamed(frame({ ...entry, kind: "end of all" })), /kind must be equal/],
    ["a frame with another id than its entry", streamed(frame(entry, 1)), /not the offset/],
    ["half a frame", streamed("id: 0\nevent: log\n"), /ends inside a frame/],
    ["a body where there is none", { method: "DELETE", url: "/v1/templates/a", status: 204 }, /it has a body/],
  ])("stops one with %s", (_what, difference, problem) => {
    expect(description.problemOf({ ...good, ...difference })).toMatch(problem);
  });
});
