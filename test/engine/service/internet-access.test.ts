import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { NullspaceClient } from "../../../sdk/client/index.ts";
import { BASE_IMAGE, RunningService } from "./running-service.ts";

/** Prints the network interfaces that lead out. */
const LOOK = "ls /sys/class/net | grep -v '^lo$' | tr '\\n' ' '";

let service: RunningService;
let client: NullspaceClient;

beforeAll(async () => {
  service = await RunningService.start();
  client = new NullspaceClient({ baseUrl: service.url, apiKey: service.apiKey });
});

afterAll(async () => {
  await client.close();
  await service[Symbol.asyncDispose]();
});

/** Builds a template that keeps what its build saw. */
async function build(name: string, internetAccess: boolean) {
  const { build } = await service.build({
    name,
    base_image: BASE_IMAGE,
    steps: [{ action: "run", command: `: ${randomUUID()}; ${LOOK} > /seen` }],
    build_config: { internet_access: internetAccess },
  });
  expect(build.error ?? "").toBe("");
  return `local/${name}`;
}

async function seenIn(request: Parameters<typeof client.machines.create>[0]): Promise<[string, string]> {
  const { id, warm_pool_checkout: checkout } = await client.machines.create({ vcpus: 1, memory_mb: 64, ...request });
  if (request.warm_pool !== undefined) expect(checkout).toMatchObject({ hit: true });
  const { stdout } = await client.machines.exec(id, { command: `cat /seen; echo; ${LOOK}`, shell: true });
  await client.machines.delete(id);
  return stdout.split("\n").map((line) => line.trim()) as [string, string];
}

it("is kept from the build, its machines and its pool's members by a template without it", async () => {
  const template = await build("offline", false);
  expect(await seenIn({ template })).toEqual(["", ""]);
  // A machine cannot have more than its template.
  expect(await seenIn({ template, internet_access: true })).toEqual(["", ""]);
  const resources = { vcpus: 1, memory_mb: 64 };
  const pool = await client.warmPools.create({
    name: "offline",
    template_ref: template,
    min_ready: 1,
    max_ready: 1,
    resources,
  });
  await client.warmPools.waitUntilReady(pool.id, { intervalMs: 50 });
  expect(await seenIn({ template, warm_pool: { id: pool.id, mode: "require" } })).toEqual(["", ""]);
  await client.warmPools.delete(pool.id);
});

it("is there otherwise, unless a machine is asked for without", async () => {
  const template = await build("online", true);
  const [inBuild, inMachine] = await seenIn({ template });
  expect([inBuild, inMachine]).not.toContain("");
  expect(await seenIn({ template, internet_access: false })).toEqual([inBuild, ""]);
});

it("is not had through a variable of ADD, and where nobody can tell, the build says why it does not run", async () => {
  const offline = { build_config: { internet_access: false } };
  const known = service.call("POST", "/v1/templates/builds", {
    name: `add-known-${randomUUID()}`,
    dockerfile: `FROM ${BASE_IMAGE}\nARG URL\nADD $URL /x\n`,
    build_args: { URL: "http://127.0.0.1:1/x" },
    ...offline,
  });
  expect(await known).toMatchObject({
    status: 400,
    body: { error: expect.stringContaining("line 3: ADD fetches from the network") },
  });
  const { body } = await service.call("POST", "/v1/templates/builds", {
    name: `add-unknown-${randomUUID()}`,
    dockerfile: `FROM ${BASE_IMAGE}\nADD $URL /x\n`,
    ...offline,
  });
  const { build } = await service.waitForEnd(body.build_id);
  expect(build).toMatchObject({
    status: "error",
    error_detail: {
      phase: "prepare",
      message: expect.stringContaining("ADD $URL may fetch from the network"),
      details: { reason: "download_not_allowed", dockerfile_line: 2 },
    },
  });
});

it("is not had through ADD either, which the builder does itself", async () => {
  const request = {
    name: "fetching",
    dockerfile: `FROM ${BASE_IMAGE}\nADD http://127.0.0.1:1/x /x\n`,
    build_config: { internet_access: false },
  };
  await expect(client.builds.start(request)).rejects.toMatchObject({
    code: "invalid_request",
    message: expect.stringContaining("line 2: ADD fetches from the network"),
  });
});
