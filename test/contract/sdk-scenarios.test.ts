import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  AuthError,
  BuildError,
  ConflictError,
  InvalidArgumentError,
  Machine,
  NotFoundError,
  NullspaceClient,
  Template,
  TemplateBuild,
  waitForCommand,
  WarmPool,
  type LogEntry,
  type UploadProgress,
} from "../../sdk/index.ts";
import { BASE_IMAGE, RunningService } from "../engine/service/running-service.ts";

let service: RunningService;
let client: NullspaceClient;
let root: string;
const connection = () => ({ client });

beforeAll(async () => {
  service = await RunningService.start();
  client = new NullspaceClient({ apiKey: service.apiKey, baseUrl: service.url, env: {} });
  root = mkdtempSync(join(tmpdir(), "scenarios-"));
  mkdirSync(join(root, "app"));
  writeFileSync(join(root, "app/index.html"), "hello\n");
  writeFileSync(join(root, "app/again.html"), "hello\n");
  writeFileSync(join(root, "Dockerfile"), `FROM ${BASE_IMAGE}\nCOPY app /srv\nRUN cat /srv/index.html\n`);
});

afterAll(async () => {
  await client.close();
  await service[Symbol.asyncDispose]();
  rmSync(root, { recursive: true, force: true });
});

/** A template with a file of this machine, a variable and a start command. */
const web = () =>
  Template.fromImage(BASE_IMAGE, { fileContextPath: root })
    .copy("app", "/srv")
    .setWorkdir("/srv")
    .run("cat index.html > /built")
    .setRuntimeEnvs({ GREETING: "hi" })
    .setStartCmd("httpd -f -p 8080 -h /srv & wait", waitForCommand("wget -q -O- http://127.0.0.1:8080/index.html"));

describe("a build", () => {
  it("from a builder uploads each file once, hands out its log, and is ready", async () => {
    const entries: LogEntry[] = [];
    const uploads: UploadProgress[] = [];
    const build = await Template.build(web(), "built:v1", {
      ...connection(),
      onLogEntry: (entry) => void entries.push(entry),
      onUploadProgress: (progress) => uploads.push(progress),
    });
    expect(build.info).toMatchObject({ status: "ready", name: "built", tags: ["v1"] });
    expect(build.info.promotability).toMatchObject({ promotable: true });
    expect(build.info.artifact_availability).toMatchObject({ status: "available" });
    expect(build.info.cache_summary).toBeDefined();
    expect(uploads.filter(({ state }) => state === "completed")).toHaveLength(1);
    expect(entries[0]).toMatchObject({ kind: "start", offset: 0 });
    expect(entries.at(-1)).toMatchObject({ kind: "end" });
    expect(entries.map(({ offset }) => offset)).toEqual(entries.map((_entry, index) => index));
    const replayed: LogEntry[] = [];
    for await (const entry of build.logs()) replayed.push(entry);
    expect(replayed).toEqual(entries);
    expect(await Template.exists("built:v1", connection())).toBe(true);
  });

  it("of a Dockerfile uploads nothing the second time", async () => {
    const uploads: UploadProgress[] = [];
    const options = { ...connection(), onUploadProgress: (progress: UploadProgress) => uploads.push(progress) };
    const template = Template.fromDockerfile(join(root, "Dockerfile"));
    await Template.build(template, "filed", options);
    uploads.length = 0;
    const { info } = await Template.build(template, "filed", options);
    expect(uploads).toEqual([]);
    expect(info).toMatchObject({ status: "ready", source_type: "dockerfile", build_backend: "buildkit" });
  });

  it("that fails points at the line that added the step", async () => {
    const template = Template.fromImage(BASE_IMAGE).run("true").run("echo no such luck >&2; exit 3");
    const failure = Template.build(template, "failing", connection());
    await expect(failure).rejects.toBeInstanceOf(BuildError);
    await expect(failure).rejects.toMatchObject({
      code: "build_error",
      detail: { phase: "build_step", step_index: 2 },
      message: expect.stringMatching(/Step 2 \(run\) was added at .*sdk-scenarios\.test\.ts:\d+:\d+\./),
    });
  });

  it("in the background is followed from elsewhere, and cancelled with a reason", async () => {
    const template = Template.fromImage(BASE_IMAGE).run("echo waiting; sleep 60");
    const started = await Template.buildInBackground(template, "slow", connection());
    await using elsewhere = await TemplateBuild.connect(started.buildId, {
      apiKey: service.apiKey,
      baseUrl: service.url,
    });
    const seen: LogEntry[] = [];
    for await (const entry of elsewhere.logs({ follow: true })) {
      seen.push(entry);
      if (entry.message.includes("waiting")) await started.cancel("changed my mind");
    }
    expect(seen.at(-1)?.kind).toBe("cancelled");
    const { build } = await elsewhere.waitUntilTerminal();
    expect(build).toMatchObject({ status: "cancelled", cancellation_reason: "changed my mind" });
    expect((await started.cancel()).build.status).toBe("cancelled");
  });

  it("is retried under new tags, promoted, listed by status, and found by a page", async () => {
    const first = await Template.build(Template.fromImage(BASE_IMAGE).run("echo 1"), "history:one", connection());
    await expect(first.retry({ tags: [] })).rejects.toMatchObject({ code: "invalid_request" });
    const second = await first.retry({ tags: ["two"] });
    await second.waitUntilTerminal();
    expect(second.info).toMatchObject({ status: "ready", tags: ["two"], retry_of_build_id: first.buildId });
    expect((await first.promote("stable")).id).toBe(first.templateId);
    expect((await Template.get("history:stable", connection())).id).toBe(first.templateId);
    const page = await Template.listBuilds("history", { status: "ready", limit: 1 }, connection());
    expect(page.builds.map(({ build_id }) => build_id)).toEqual([second.buildId]);
    const next = await Template.listBuilds(
      "history",
      { status: "ready", limit: 1, cursor: page.next_cursor! },
      connection(),
    );
    expect(next.builds.map(({ build_id }) => build_id)).toEqual([first.buildId]);
  });

  it("is refused before it begins when its request is wrong, naming the property", async () => {
    const refused = Template.buildInBackground(Template.fromImage(BASE_IMAGE), "web:v 1", connection());
    await expect(refused).rejects.toMatchObject({
      code: "invalid_request",
      status: 400,
      message: expect.stringContaining("tags"),
    });
  });

  it("is validated and planned without being built", async () => {
    expect(await Template.validate(web(), "checked", connection())).toMatchObject({ valid: true });
    const wrong = await Template.validate(Template.fromImage(BASE_IMAGE), undefined, {
      name: "UPPER",
      ...connection(),
    });
    expect(wrong.valid).toBe(false);
    expect(wrong.errors[0]?.message).toMatch(/name/);
    const plan = await Template.plan(web(), "checked", connection());
    expect(plan).toMatchObject({
      build_backend: "native",
      source_type: "declarative",
      requires_base_image_auth: false,
    });
    expect(plan.context_manifest?.file_count).toBeGreaterThan(0);
    expect(await Template.exists("checked", connection())).toBe(false);
  });
});

describe("names", () => {
  it("are tagged, renamed with an alias left behind, shown and hidden, reserved, and deleted", async () => {
    const { canonicalRef, templateId } = await Template.build(Template.fromImage(BASE_IMAGE), "named:v1", connection());
    await Template.assignTags("named:v1", ["v2", "stable"], connection());
    const tags = async () => (await Template.listTags("named", connection())).map(({ tag }) => tag).sort();
    expect(await tags()).toEqual(["stable", "v1", "v2"]);
    await Template.removeTag("named", "v2", connection());
    expect(await tags()).toEqual(["stable", "v1"]);

    const renamed = await Template.rename("named", "renamed", connection());
    expect(renamed.name).toBe("renamed");
    const aliases = await Template.listAliases("renamed", connection());
    expect(aliases.map(({ alias_ref }) => alias_ref)).toEqual([canonicalRef]);
    expect((await Template.get("named:v1", connection())).id).toBe(templateId);
    await Template.removeAlias("renamed", canonicalRef, connection());
    expect(await Template.exists("named:v1", connection())).toBe(false);

    expect((await Template.setVisibility("renamed", "public", connection())).visibility).toBe("public");
    expect((await Template.setVisibility("renamed", "private", connection())).visibility).toBe("private");

    const claim = await Template.reserveName("reserved", connection());
    expect(claim.canonical_ref).toMatch(/\/reserved$/);
    await Template.releaseName(claim.claim_token, connection());
    await expect(Template.releaseName(claim.claim_token, connection())).rejects.toMatchObject({
      code: "template_name_claim_not_found",
    });
    await expect(Template.reserveName("renamed", connection())).rejects.toBeInstanceOf(ConflictError);

    const namespace = canonicalRef.split("/")[0]!;
    expect(await Template.getNamespace(namespace, connection())).toMatchObject({ slug: namespace, is_default: true });
    const listed = await Template.list(connection());
    expect(listed.map(({ canonical_ref }) => canonical_ref)).toContain(`${namespace}/renamed`);
    await Template.delete("renamed", connection());
    await expect(Template.get("renamed", connection())).rejects.toMatchObject({ code: "template_not_found" });
  });
});

describe("a warm pool", () => {
  it("fills, gives out its machines, falls back, and is stopped in three ways", { timeout: 180_000 }, async () => {
    const template = Template.fromImage(BASE_IMAGE).run("echo pooled > /pooled");
    const { canonicalRef } = await Template.build(template, "pooled:v1", connection());
    const pool = await Template.createWarmPool(
      `${canonicalRef}:v1`,
      { name: "pool", minReady: 1, maxReady: 2, vcpus: 1, memoryMb: 256, labels: { team: "a" } },
      connection(),
    );
    await pool.waitUntilReady();
    expect(pool.info.status.ready).toBeGreaterThanOrEqual(1);
    expect((await WarmPool.list({ label: ["team=a"] }, connection())).map(({ id }) => id)).toEqual([pool.id]);
    expect(await client.warmPools.status(pool.id)).toMatchObject({ target: 1 });

    const settings = { template: `${canonicalRef}:v1`, warmPool: pool.id, vcpus: 1, memoryMb: 256 };
    const hit = await Machine.create({ ...settings, warmPoolMode: "require" }, connection());
    expect(hit.checkout).toMatchObject({ source: "ready_instance", hit: true, id: pool.id });
    expect(await hit.run("cat", { args: ["/pooled"] })).toEqual({ exitCode: 0, stdout: "pooled\n", stderr: "" });
    expect((await hit.run("exit 7", { shell: true })).exitCode).toBe(7);

    await pool.disable();
    await expect(pool.waitUntilReady({ minReady: 2 })).rejects.toBeInstanceOf(ConflictError);
    await expect(Machine.create({ ...settings, warmPoolMode: "require" }, connection())).rejects.toMatchObject({
      code: "warm_pool_unavailable",
    });
    const fallback = await Machine.create({ ...settings, warmPoolMode: "prefer" }, connection());
    expect(fallback.checkout).toMatchObject({ source: "cold_create", hit: false });
    const bypass = await Machine.create({ ...settings, warmPool: undefined, warmPoolMode: "bypass" }, connection());
    expect(bypass.checkout).toMatchObject({ source: "bypassed", hit: false });
    await expect(Machine.create({ warmPoolMode: "require" }, connection())).rejects.toBeInstanceOf(
      InvalidArgumentError,
    );

    await pool.enable();
    await pool.update({ minReady: 2, vcpus: 1 });
    expect(pool.info).toMatchObject({ min_ready: 2, resources: { vcpus: 1, memory_mb: 256 } });
    await pool.reconcile();
    await pool.waitUntilReady();
    await pool.drain();
    await pool.delete();
    await pool.refresh();
    expect(pool.info.state).toBe("deleted");
    await expect(pool.waitUntilReady({ minReady: 0 })).rejects.toMatchObject({
      message: expect.stringContaining("is deleted"),
    });

    const listed = (await Machine.list({ state: "running" }, connection())).items.map(({ id }) => id);
    expect(listed).toEqual(expect.arrayContaining([hit.id, fallback.id, bypass.id]));
    for (const machine of [hit, fallback, bypass]) await machine.kill();
    await expect(hit.run("true")).rejects.toBeInstanceOf(Error);
  });

  it("is one machine for one idempotency key", async () => {
    const create = () => Machine.create({ template: "base" }, { ...connection(), idempotencyKey: "the-same" });
    const [first, second] = [await create(), await create()];
    expect(second.id).toBe(first.id);
    await first.kill();
  });
});

describe("errors of the service", () => {
  it.each<[string, () => Promise<unknown>, unknown, string]>([
    ["a template", () => Template.get("nowhere", connection()), NotFoundError, "template_not_found"],
    ["a build", () => TemplateBuild.connect("tb_nowhere", connection()), NotFoundError, "template_build_not_found"],
    ["a pool", () => WarmPool.get("twp_nowhere", connection()), NotFoundError, "warm_pool_not_found"],
    ["a machine", () => Machine.get("mch_nowhere", connection()), NotFoundError, "machine_not_found"],
  ])("that there is no such thing, for %s, carry code, status and request id", async (_name, call, type, code) => {
    const error: unknown = await call().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({ code, status: 404, requestId: expect.stringMatching(/.+/) });
  });

  it("say that the key is wrong, without the key", async () => {
    const wrong = { apiKey: "ns_live_wrong-key", baseUrl: service.url };
    const error: unknown = await Template.list(wrong).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(AuthError);
    expect(String(error)).not.toContain("wrong-key");
  });
});
