import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CreateTemplateRequest } from "../../../sdk/wire/index.ts";
import type { MadeImage } from "../../../service/builds/build-executor.ts";
import { BuildFailure } from "../../../service/builds/build-failure.ts";
import { BuildService } from "../../../service/builds/build-service.ts";
import { getBuild } from "../../../service/builds/build-record.ts";
import { MOST_ENGINE_CUTS } from "../../../service/builds/build-worker.ts";
import { EngineUnavailableError } from "../../../service/errors.ts";
import { TemplateEvents } from "../../../service/templates/events.ts";
import { resolveTemplate } from "../../../service/templates/resolve.ts";
import { MemoryArtifacts } from "./memory-artifacts.ts";
import { MemoryDriver } from "./memory-driver.ts";
import { type BegunBuild, MemoryExecutor } from "./memory-executor.ts";
import { TemplateStore } from "./template-store.ts";

const AWAY = new EngineUnavailableError("The engine has gone.");

let store: TemplateStore;
let executor: MemoryExecutor;
let artifacts: MemoryArtifacts;
let builds: BuildService;

beforeEach(() => {
  store = new TemplateStore();
  artifacts = new MemoryArtifacts();
  executor = new MemoryExecutor(artifacts);
  executor.isHeld = true;
  builds = new BuildService({
    db: store.db,
    blobs: store.blobs,
    executor,
    artifacts,
    driver: new MemoryDriver(),
    events: new TemplateEvents(),
    log: pino({ level: "silent" }),
    resolve: async (ref) => resolveTemplate(store.db, ref),
    retentionMs: 1,
    concurrency: 2,
  });
});

afterEach(async () => {
  await builds.stop();
  store[Symbol.dispose]();
});

async function start(name: string, request: object = {}): Promise<string> {
  const body = CreateTemplateRequest.parse({ name, base_image: "busybox:1", tags: ["v1"], ...request });
  return (await builds.start(body, store.signal)).build_id;
}

const NO_LAYERS = { layer_hits: 0, layer_misses: 0, layer_bypasses: 0, layer_stores: 0 };

/** The image that a run makes, under the name that it was to have. */
function image({ job }: BegunBuild): MadeImage {
  artifacts.images.set("sha256:made", { isOwn: true });
  artifacts.names.set(job.imageRef, "sha256:made");
  return { imageId: "sha256:made", cache: NO_LAYERS };
}

/** The n-th run of the builder, when it has begun. */
async function begun(index: number): Promise<BegunBuild> {
  await expect.poll(() => executor.begun.length, { timeout: 10_000 }).toBeGreaterThan(index);
  return executor.begun[index]!;
}

async function ended(...buildIds: string[]): Promise<string[]> {
  for (const buildId of buildIds) await builds.waitUntilFinal(buildId, AbortSignal.timeout(5_000));
  return buildIds.map((buildId) => builds.snapshot(buildId, 0).build.status);
}

const messages = (buildId: string): string[] => builds.snapshot(buildId, 0).entries.map(({ message }) => message);
const failing = (retryable: boolean) =>
  new BuildFailure("It failed.", { phase: "build_step", reason: "r", suggestedAction: "Try.", retryable });

describe("builds that make the same", () => {
  it("are one run, whatever their names and tags, each with its own artifact, tags and whole log", async () => {
    const first = await start("one");
    const run = await begun(0);
    run.report({ kind: "message", level: "info", phase: "step", message: "before the join" });
    const second = await start("two", { tags: ["v2"] });
    run.report({ kind: "message", level: "info", phase: "step", message: "after the join" });
    run.end(image(run));
    expect(await ended(first, second)).toEqual(["ready", "ready"]);
    expect(executor.begun).toHaveLength(1);
    const [one, two] = [resolveTemplate(store.db, "one:v1"), resolveTemplate(store.db, "two:v2")];
    expect([one.buildId, two.buildId]).toEqual([first, second]);
    expect(one.templateId).not.toBe(two.templateId);
    expect([one.imageId, two.imageId]).toEqual(["sha256:made", "sha256:made"]);
    expect(two.imageRef).toBe(`nullspace-local/${two.templateId}`);
    expect(artifacts.names.get(two.imageRef)).toBe("sha256:made");
    for (const buildId of [first, second]) {
      expect(messages(buildId)).toEqual(expect.arrayContaining(["before the join", "after the join"]));
      const { entries } = builds.snapshot(buildId, 0);
      expect(entries.map(({ offset }) => offset)).toEqual([...entries.keys()]);
      expect(new Set(entries.map(({ build_id }) => build_id))).toEqual(new Set([buildId]));
    }
    expect(messages(second).join()).toContain(`Build ${first} builds the same`);
  });

  it("leave places to others: what joins takes none", async () => {
    const same = await Promise.all(["a", "b", "c", "d"].map((name) => start(name)));
    await start("other", { steps: [{ action: "run", command: "x" }] });
    await begun(1);
    expect(executor.begun.map(({ job }) => job.buildId)).toEqual([same[0], expect.any(String)]);
    for (const run of executor.begun) run.end(image(run));
    expect(await ended(...same)).toEqual(["ready", "ready", "ready", "ready"]);
  });

  it("do not end with one that is cancelled, be it the first; the last one ends the run", async () => {
    const first = await start("one");
    const run = await begun(0);
    const second = await start("two");
    const third = await start("three");
    builds.cancel(third, undefined);
    builds.cancel(first, "not needed");
    expect(run.signal.aborted).toBe(false);
    run.report({ kind: "message", level: "info", phase: "step", message: "still at work" });
    expect(messages(first)).not.toContain("still at work");
    run.end(image(run));
    expect(await ended(first, second, third)).toEqual(["cancelled", "ready", "cancelled"]);
    expect(resolveTemplate(store.db, "two:v1").buildId).toBe(second);
    // The name of the cancelled one goes, after the other has its own.
    await expect.poll(() => artifacts.removed).toEqual([`nullspace-local/${run.job.templateId}`]);

    const [fourth, fifth] = [await start("one"), await start("two")];
    const next = await begun(1);
    builds.cancel(fourth, undefined);
    expect(next.signal.aborted).toBe(false);
    builds.cancel(fifth, undefined);
    expect(next.signal.aborted).toBe(true);
  });

  it("share a failure of what they make, each under its own id", async () => {
    const [first, second] = [await start("one"), await start("two")];
    (await begun(0)).end(failing(false));
    expect(await ended(first, second)).toEqual(["error", "error"]);
    for (const buildId of [first, second]) {
      expect(builds.snapshot(buildId, 0).build.error_detail).toMatchObject({
        build_id: buildId,
        message: "It failed.",
      });
    }
    expect(executor.begun).toHaveLength(1);
  });

  it("build by themselves after a failure that another try may not have", async () => {
    const [first, second] = [await start("one"), await start("two")];
    (await begun(0)).end(failing(true));
    const run = await begun(1);
    expect(run.job.buildId).toBe(second);
    run.end(image(run));
    expect(await ended(first, second)).toEqual(["error", "ready"]);
  });

  it("run alone when they bypass the cache or need credentials", async () => {
    await start("one", { skip_cache: true });
    await start("two", { skip_cache: true });
    await begun(1);
    expect(executor.begun).toHaveLength(2);
    for (const run of executor.begun) run.end(image(run));
    const auth = { base_image_auth: { kind: "basic", username: "u", password: "hunter22" } };
    await start("three", auth);
    await start("four", auth);
    await begun(3);
    for (const run of executor.begun) run.end(image(run));
  });
});

describe("a build whose engine goes away", () => {
  it("begins again when it is back, with its credentials, and those that wait go on waiting", async () => {
    const auth = { base_image_auth: { kind: "basic", username: "u", password: "hunter22" } };
    const cut = await start("cut", auth);
    const others = [await start("b"), await start("c", { steps: [{ action: "run", command: "x" }] })];
    const run = await begun(0);
    const second = await begun(1);
    executor.isAway = true;
    run.end(AWAY);
    second.end(AWAY);
    await expect.poll(() => messages(cut).at(-1)).toContain("waits for its engine");
    expect(builds.snapshot(cut, 0).build.status).toBe("waiting");
    expect(executor.begun).toHaveLength(2);
    executor.isAway = false;
    const again = await begun(2);
    expect(again.job.buildId).toBe(cut);
    expect(again.job.credentials.baseImageAuth).toMatchObject({ password: "hunter22" });
    for (let index = 2; index < 5; index++) {
      const one = await begun(index);
      one.end(image(one));
    }
    expect(await ended(cut, ...others)).toEqual(["ready", "ready", "ready"]);
  });

  it("is cut once by one stop of the engine, which still answers for a moment", async () => {
    const buildId = await start("one");
    (await begun(0)).end(AWAY);
    await expect.poll(() => messages(buildId).at(-1)).toContain("was cut");
    await new Promise((resolve) => setTimeout(resolve, 500));
    executor.isAway = true;
    await expect.poll(() => messages(buildId).at(-1)).toContain("waits for its engine");
    expect(executor.begun).toHaveLength(1);
    executor.isAway = false;
    const again = await begun(1);
    expect(getBuild(store.db, buildId).engineCuts).toBe(1);
    again.end(image(again));
    expect(await ended(buildId)).toEqual(["ready"]);
  });

  it(`fails after ${MOST_ENGINE_CUTS} times, in a way that can be retried`, async () => {
    const buildId = await start("one");
    for (let index = 0; index < MOST_ENGINE_CUTS; index++) (await begun(index)).end(AWAY);
    expect(await ended(buildId)).toEqual(["error"]);
    expect(builds.snapshot(buildId, 0).build.error_detail).toMatchObject({
      code: "internal_error",
      retryable: true,
      details: { reason: "engine_unavailable", engine_cuts: MOST_ENGINE_CUTS },
    });
    expect(executor.begun).toHaveLength(MOST_ENGINE_CUTS);
  }, 30_000);

  it("can be cancelled while it waits for it", async () => {
    const buildId = await start("one");
    const run = await begun(0);
    executor.isAway = true;
    run.end(AWAY);
    await expect.poll(() => messages(buildId).at(-1)).toContain("waits for its engine");
    builds.cancel(buildId, undefined);
    expect(await ended(buildId)).toEqual(["cancelled"]);
    executor.isAway = false;
    expect(executor.begun).toHaveLength(1);
  });
});
