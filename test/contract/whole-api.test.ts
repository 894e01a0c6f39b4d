import { afterAll, beforeAll, expect, it } from "vitest";
import { LonelyService } from "../unit/service/lonely-service.ts";
import { PythonClient } from "./python/python-client.ts";

let service: LonelyService;
let python: PythonClient;

beforeAll(async () => {
  service = await LonelyService.start();
  const { url, apiKey } = service.service;
  python = new PythonClient({ url, apiKey, home: service.dataDirectory });
});
afterAll(async () => {
  await python[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

/** Every call in the source of the published client: those of its generated part, and the paths that the rest spells. */
const CALLS = String.raw`
import pathlib, re
root = pathlib.Path(nullspace.__file__).parent
calls = set()
for file in (root / "_generated_api").rglob("*.py"):
    for method, url in re.findall(r'"method": "(\w+)",\s*"url": "([^"]+)"', file.read_text()):
        calls.add((method.upper(), url))
written = set()
for file in root.glob("*.py"):
    for url in re.findall(r'f?"(/v1/[^"?]*)"', file.read_text()):
        written.add(re.sub(r"\{[^{}]*\}", "{x}", url).rstrip("/"))
answer = {"calls": sorted(calls), "written": sorted(written)}`;

const filled = (path: string): string =>
  path
    .replaceAll(/\{(?:port|pid)\}/g, "1")
    .replaceAll(/\{[^{}]*\}/g, "x")
    .replace(/[{}].*$/, "x");

async function isThere(method: string, path: string): Promise<boolean> {
  const hasBody = method !== "GET" && method !== "DELETE";
  const { status, json } = await service.raw(method, filled(path), hasBody ? { body: "{}" } : {});
  if (status === 501) {
    expect(json, `${method} ${path}`).toMatchObject({
      code: "not_implemented",
      details: { feature: expect.any(String) },
    });
  }
  // What a path names may not exist (machine_not_found); the path itself does.
  return !(status === 404 && (json as { code?: string }).code === "not_found");
}

it("every call that the published client can make is answered, or refused by its name", async () => {
  const { calls, written } = (await python.run(CALLS)) as { calls: [string, string][]; written: string[] };
  expect(calls.length).toBeGreaterThan(250);
  const missing: string[] = [];
  for (const [method, path] of calls) if (!(await isThere(method, path))) missing.push(`${method} ${path}`);
  for (const path of written) {
    const found = await Promise.all(["GET", "POST", "PUT", "PATCH", "DELETE"].map((method) => isThere(method, path)));
    if (!found.includes(true)) missing.push(path);
  }
  expect(missing).toEqual([]);
});

it("a path that nobody has is still not found", async () => {
  for (const path of ["/v1/nothing", "/v1/machines/x/nothing", "/v1/machines/x/files/nothing", "/v2/machines"]) {
    expect(await isThere("GET", path)).toBe(false);
  }
});
