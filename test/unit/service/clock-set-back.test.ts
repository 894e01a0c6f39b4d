import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { listBuilds } from "../../../service/builds/build-history.ts";
import { later, now } from "../../../service/clock.ts";
import { currentStreak, streakEndsAtMs } from "../../../service/fleet/pools/failure-streak.ts";
import { ApiKeyStore } from "../../../service/store/api-keys.ts";
import { findReusable, touchArtifact, unpinnedArtifacts } from "../../../service/store/artifacts.ts";
import { openBuilds } from "../../../service/store/builds.ts";
import { countKnownBodies } from "../../../service/store/contexts.ts";
import { Database } from "../../../service/store/database.ts";
import type { Guest } from "../../../service/store/guests.ts";
import { MIGRATIONS } from "../../../service/store/migrations/index.ts";
import { forgetBuild } from "../../../service/store/storage.ts";
import type { PoolRow } from "../../../service/store/warm-pools.ts";
import { listTemplates } from "../../../service/templates/list-templates.ts";
import { resolveTemplate } from "../../../service/templates/resolve.ts";
import { Retention } from "../../../service/templates/retention.ts";
import { DEFAULT_STORAGE_LIMITS } from "../../../service/templates/storage-limits.ts";
import { listTagMoves } from "../../../service/templates/tag-moves.ts";
import { assignTags, removeTag } from "../../../service/templates/tags.ts";
import { MemoryArtifacts } from "./memory-artifacts.ts";
import { MemoryFleet } from "./memory-fleet.ts";
import { seedBuild } from "./seed-template.ts";
import { TemplateStore } from "./template-store.ts";

const DAY_MS = 24 * 3_600_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

/** Does something, has the clock set back by a day, and does it again. */
async function onBothSides<T>(make: (nth: 1 | 2) => T | Promise<T>): Promise<[before: T, after: T]> {
  const before = await make(1);
  vi.setSystemTime(Date.now() - DAY_MS);
  return [before, await make(2)];
}

describe("after the clock was set back, of builds", () => {
  let store: TemplateStore;
  beforeEach(() => void (store = new TemplateStore()));
  afterEach(() => store[Symbol.dispose]());

  it("a bare name leads to the one that became ready last, in the list of templates too", async () => {
    const [, newest] = await onBothSides((nth) => store.ready({ name: "a", tags: [`v${nth}`] }));
    expect(resolveTemplate(store.db, "a").buildId).toBe(newest.buildId);
    expect(listTemplates(store.db).map(({ id }) => id)).toEqual([newest.templateId]);
  });

  it("that counts what became ready last, whichever was accepted first", async () => {
    const slow = await store.accept({ name: "a", tags: ["slow"] });
    await store.ready({ name: "a", tags: ["quick"] });
    vi.setSystemTime(Date.now() - DAY_MS);
    store.db.run("UPDATE builds SET status = 'building' WHERE build_id = ?", [slow]);
    store.finish(slow);
    expect(resolveTemplate(store.db, "a").buildId).toBe(slow);
  });

  it("the history shows the newest first, page by page", async () => {
    const [old, young] = await onBothSides((nth) => store.accept({ name: "a", tags: [`v${nth}`] }));
    const { templateKey } = store.db.get<{ templateKey: number }>(
      "SELECT template_key AS templateKey FROM templates WHERE name = 'a'",
    )!;
    const first = listBuilds(store.db, templateKey, { limit: 1 }, DAY_MS);
    const second = listBuilds(store.db, templateKey, { limit: 1, cursor: first.next_cursor! }, DAY_MS);
    expect([first, second].map(({ builds }) => builds.map(({ build_id }) => build_id))).toEqual([[young], [old]]);
    expect(second.next_cursor).toBeUndefined();
  });

  it("those that wait go on in the order in which they came", async () => {
    const accepted = await onBothSides(() => store.accept({ name: "a" }));
    expect(openBuilds(store.db).map(({ buildId }) => buildId)).toEqual(accepted);
  });

  it("the newest image of the same sources is used again", async () => {
    const [, newest] = await onBothSides(() => store.ready({ name: "a" }));
    store.db.run("UPDATE artifacts SET reuse_key = 'same'");
    expect(findReusable(store.db, "same")?.buildId).toBe(newest.buildId);
  });

  it("bodies that an earlier one sent are known to a later one, and not the other way round", async () => {
    const body = (text: string) => Buffer.from(text).toString("base64");
    const context = (text: string) => ({
      files: [{ path: "f", entry_type: "file", content_base64: body(text) }],
    });
    const [old, young] = await onBothSides((nth) =>
      store.accept({
        name: "a",
        dockerfile: "FROM busybox\nCOPY f /f\n",
        base_image: undefined,
        build_context: context(`body ${nth}`),
      }),
    );
    const digests = store.db.all<{ digest: string }>("SELECT digest FROM blobs").map(({ digest }) => digest);
    expect(countKnownBodies(store.db, old, digests)).toBe(0);
    expect(countKnownBodies(store.db, young, digests)).toBe(1);
  });

  it("a context whose first one is forgotten belongs to the next one", async () => {
    const files = [{ path: "f", entry_type: "file", content_base64: "eA==" }];
    const build = () =>
      store.ready({
        name: "a",
        dockerfile: "FROM busybox\nCOPY f /f\n",
        base_image: undefined,
        build_context: { files },
      });
    const first = await build();
    const [second] = await onBothSides(build);
    store.db.run("DELETE FROM tags");
    forgetBuild(store.db, first.buildId);
    expect(store.db.all("SELECT first_build_id AS first FROM contexts")).toEqual([{ first: second.buildId }]);
  });

  it("logs and records of the oldest go first, and images that were of use last go last", async () => {
    const artifacts = new MemoryArtifacts();
    const [old, young] = await onBothSides(async (nth) => {
      const made = await store.ready({ name: `t${nth}`, tags: ["x"] });
      artifacts.images.set(`sha256:${made.buildId}`, { isOwn: true, sizeBytes: 100 });
      artifacts.names.set(artifacts.nameOf(made.templateId), `sha256:${made.buildId}`);
      removeTag(store.db, () => [], `t${nth}`, "x");
      touchArtifact(store.db, made.templateId, now());
      return made;
    });
    expect(unpinnedArtifacts(store.db).map(({ buildId }) => buildId)).toEqual([old.buildId, young.buildId]);
    const sweep = (limits: object) =>
      new Retention({
        db: store.db,
        blobs: store.blobs,
        artifacts,
        artifactUses: [],
        log: pino({ level: "silent" }),
        retentionMs: 30 * DAY_MS,
        limits: { ...DEFAULT_STORAGE_LIMITS, ...limits },
      }).sweep(later(now(), 2 * DAY_MS));
    const { bytes } = store.db.get<{ bytes: number }>("SELECT sum(log_bytes) AS bytes FROM builds")!;
    await sweep({ logBytes: bytes - 1 });
    const trimmed = store.db.all("SELECT build_id AS id FROM builds WHERE log_trimmed_at IS NOT NULL");
    expect(trimmed).toEqual([{ id: old.buildId }]);
    await sweep({ imageBytes: 100 });
    expect([...artifacts.names.keys()]).toEqual([artifacts.nameOf(young.templateId)]);
    await sweep({ imageBytes: 0 });
    await sweep({ builds: 1 });
    expect(store.db.all("SELECT build_id AS id FROM builds")).toEqual([{ id: young.buildId }]);
  });

  it("a tag's last move is told first", async () => {
    const made = await onBothSides((nth) => store.ready({ name: "a", tags: [`v${nth}`] }));
    for (const { buildId } of made) assignTags(store.db, `a:${buildId}`, ["stable"]);
    const { moves } = listTagMoves(store.db, "a", { tag: "stable" });
    expect(moves.map(({ to_build_id }) => to_build_id)).toEqual(made.map(({ buildId }) => buildId).reverse());
  });
});

describe("after the clock was set back", () => {
  it("machines and pools are listed newest first, page by page, and members are handed out oldest first", async () => {
    await using world = new MemoryFleet();
    world.seed("web");
    const pools = await onBothSides((nth) => world.createPool({ name: `pool-${nth}`, template_ref: "web" }));
    expect(world.fleet.pools.list({}).map(({ id }) => id)).toEqual(pools.map(({ id }) => id).reverse());
    const machines = await onBothSides(() => world.createMachine({ template: "web" }));
    const list = (before?: number) =>
      world.fleet.machines.list({ statuses: ["running"], limit: 1, ...(before !== undefined && { before }) });
    const [first] = list();
    const [second] = list(first?.seq);
    expect([second?.machineId, first?.machineId]).toEqual(machines.map(({ machineId }) => machineId));
    expect(list(second?.seq)).toEqual([]);

    const shape = {
      templateId: "tmpl_x",
      compatibilityKey: "k",
      vcpus: 1,
      memoryMb: 64,
      diskMb: null,
      internetAccess: 1,
      placement: null,
      placementKey: null,
    } as const;
    const members = await onBothSides(() =>
      world.guests.insert({ ...shape, poolId: "twp_none", machineId: null }, Date.now()),
    );
    expect(world.guests.ofPool("twp_none").map(({ guestId }) => guestId)).toEqual(
      members.map(({ guestId }) => guestId),
    );
  });

  it("API keys are listed oldest first", async () => {
    const db = new Database(":memory:");
    onTestFinished(() => db.close());
    const keys = new ApiKeyStore(db);
    await onBothSides((nth) => keys.add(`key-${nth}`, `ns_local_${nth}`));
    expect(keys.list().map(({ name }) => name)).toEqual(["key-1", "key-2"]);
  });

  it("members that are ready now end a row of failures of before, and those of before end none of now", () => {
    const nowMs = Date.now();
    const pool = { compatibilityKey: "k", failureCount: 2, failureAtMs: nowMs + DAY_MS } as PoolRow;
    const member = (readyAtMs: number, state: Guest["state"]) => ({ compatibilityKey: "k", state, readyAtMs }) as Guest;
    const failures = { count: 2, lastAtMs: nowMs + DAY_MS };
    expect(currentStreak(pool, [member(nowMs - 60_000, "ready")], nowMs).count).toBe(0);
    expect(streakEndsAtMs(failures, [member(nowMs - 1, "ready")], nowMs)).toBeLessThanOrEqual(nowMs + 10_000);
    const ofBefore = member(nowMs + DAY_MS, "claimed");
    expect(currentStreak({ ...pool, failureAtMs: nowMs - 5 }, [ofBefore], nowMs).count).toBe(2);
  });
});

it("a store of before it had an order of its own keeps the one in which it was written", () => {
  const folder = mkdtempSync(join(tmpdir(), "nullspace-store-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const before = new Database(
    join(folder, "store.db"),
    MIGRATIONS.filter(({ number }) => number < 13),
  );
  const old = seedBuild(before, "web", "v1", "sha256:one");
  vi.setSystemTime(Date.now() - DAY_MS);
  const young = seedBuild(before, "web", "v2", "sha256:two");
  before.close();
  const after = new Database(join(folder, "store.db"));
  onTestFinished(() => after.close());
  expect(resolveTemplate(after, "web").buildId).toBe(young.buildId);
  const newest = seedBuild(after, "web", "v3", "sha256:three");
  expect(resolveTemplate(after, "web").buildId).toBe(newest.buildId);
  expect(after.all("SELECT build_id AS id FROM builds WHERE builds.name = 'web' ORDER BY seq")).toEqual(
    [old, young, newest].map(({ buildId }) => ({ id: buildId })),
  );
});
