import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  AuthError,
  BuildError,
  ConflictError,
  Machine,
  NotFoundError,
  NullspaceClient,
  Template,
  TemplateBuild,
  waitForCommand,
  WarmPool,
} from "../../sdk/index.ts";
import { BASE_IMAGE, RunningService } from "../engine/service/running-service.ts";

let service: RunningService;
let client: NullspaceClient;
const connection = () => ({ client });

beforeAll(async () => {
  service = await RunningService.start();
  client = new NullspaceClient({ apiKey: service.apiKey, baseUrl: service.url, env: {} });
});

afterAll(async () => {
  await client.close();
  await service[Symbol.asyncDispose]();
});

describe("beyond the published client, a build", () => {
  it("that fails points at the line of the program that added the step", async () => {
    const template = Template.fromImage(BASE_IMAGE).run("true").run("echo no such luck >&2; exit 3");
    const failure = Template.build(template, "failing", connection());
    await expect(failure).rejects.toBeInstanceOf(BuildError);
    await expect(failure).rejects.toMatchObject({
      code: "build_error",
      detail: { phase: "build_step", step_index: 2 },
      message: expect.stringMatching(/Step 2 \(run\) was added at .*sdk-own\.test\.ts:\d+:\d+\./),
    });
  });

  it("that is cancelled elsewhere says so, not that it failed", async () => {
    const waiting = Template.fromImage(BASE_IMAGE).skipCache().run("echo waiting; sleep 300");
    const build = Template.build(waiting, "cancelled", {
      ...connection(),
      async onLogEntry({ message, build_id }) {
        if (message === "waiting") await (await TemplateBuild.connect(build_id, connection())).cancel("elsewhere");
      },
    });
    await expect(build).rejects.toMatchObject({
      name: "BuildError",
      code: "build_cancelled",
      message: expect.stringContaining("elsewhere"),
    });
  });

  it("is refused before it begins when its request is wrong, naming the property", async () => {
    const refused = Template.buildInBackground(Template.fromImage(BASE_IMAGE), "web:v 1", connection());
    await expect(refused).rejects.toMatchObject({
      code: "invalid_request",
      status: 400,
      message: expect.stringContaining("tags"),
    });
  });

  it("takes a claimed name with the claim's token", async () => {
    const { claim_token: claimToken } = await Template.reserveName("claimed", connection());
    const server = Template.fromImage(BASE_IMAGE)
      .run("mkdir /srv && echo hello > /srv/index.html")
      .setStartCmd("httpd -f -p 8080 -h /srv", waitForCommand("wget -q -O- http://127.0.0.1:8080/index.html"));
    const build = await Template.build(server, "claimed", { ...connection(), claimToken });
    expect(build.info.status).toBe("ready");
    await expect(Template.releaseName(claimToken, connection())).rejects.toMatchObject({
      code: "template_name_claim_not_found",
    });
  });
});

describe("beyond the published client, a wait for a pool", () => {
  it("ends at once when the pool is disabled or deleted, for then it is in vain", async () => {
    const size = { vcpus: 1, memoryMib: 64 };
    const pool = await Template.createWarmPool("base", { name: "p", minReady: 0, maxReady: 1, ...size }, connection());
    expect(await client.warmPools.status(pool.id)).toMatchObject({ target: 0, ready: 0 });
    await pool.disable();
    await expect(pool.waitUntilReady({ minReady: 1 })).rejects.toBeInstanceOf(ConflictError);
    await pool.delete();
    await expect(pool.waitUntilReady({ minReady: 0 })).rejects.toMatchObject({
      message: expect.stringContaining("is deleted"),
    });
  });
});

describe("beyond the published client, an error of the service", () => {
  it.each<[string, () => Promise<unknown>, string]>([
    ["a template", () => Template.get("nowhere", connection()), "template_not_found"],
    ["a build", () => TemplateBuild.connect("tb_nowhere", connection()), "template_build_not_found"],
    ["a pool", () => WarmPool.get("twp_nowhere", connection()), "warm_pool_not_found"],
    ["a machine", () => Machine.get("mch_nowhere", connection()), "machine_not_found"],
  ])("that there is no such thing carries the status beside code and request id, for %s", async (_name, call, code) => {
    const error: unknown = await call().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(NotFoundError);
    expect(error).toMatchObject({ code, status: 404, requestId: expect.stringMatching(/.+/) });
  });

  it("says that the key is wrong without the key", async () => {
    const wrong = { apiKey: "ns_live_wrong-key", baseUrl: service.url };
    const error: unknown = await Template.list(wrong).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(AuthError);
    expect(String(error)).not.toContain("wrong-key");
  });
});
