import { expect, it } from "vitest";
import { Machine } from "../../../sdk/client/index.ts";
import { json, scriptedServer } from "./scripted-server.ts";

const claim = { claim_token: "claim_1", canonical_ref: "local/web", expires_at: "2026-01-01T00:00:00Z" };
const template = { id: "tmpl_1", name: "web" };

it.each([
  ["a reservation of a name", "/v1/templates/claims", claim],
  ["a rename", "/v1/templates/refs/old/rename", template],
])("%s is asked for again when its answer was lost", async (_name, url, answer) => {
  await using server = await scriptedServer((_request, response) =>
    server.seen.length === 1 ? void response.destroy() : json(response, 200, answer),
  );
  const { templates } = server.client();
  const result = url.endsWith("claims") ? templates.reserveName("web") : templates.rename("old", "web");
  expect(await result).toMatchObject(answer);
  expect(server.seen.map((request) => request.url)).toEqual([url, url]);
  expect(server.seen[1]!.body).toBe(server.seen[0]!.body);
});

it.each([
  ["the pool's template and size", { warmPool: "twp_1" }, undefined, undefined],
  ["its own template and size beside it", { warmPool: "twp_1", template: "web", vcpus: 4 }, "web", 4],
  ["the defaults when it bypasses it", { warmPool: "twp_1", warmPoolMode: "bypass" as const }, "base", 2],
  ["the defaults without one", {}, "base", 2],
])("a machine has %s", async (_name, settings, wanted, vcpus) => {
  await using server = await scriptedServer((_request, response) =>
    json(response, 400, { code: "invalid_request", message: "enough" }),
  );
  await Machine.create(settings, { client: server.client() }).catch(() => undefined);
  const body = JSON.parse(server.seen[0]!.body) as Record<string, unknown>;
  expect([body.template, body.vcpus]).toEqual([wanted, vcpus]);
  expect("memory_mb" in body).toBe(vcpus === 2);
});
