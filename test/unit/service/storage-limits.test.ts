import { createHash } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pino } from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { BlobStore } from "../../../service/blobs/blob-store.ts";
import { later, now } from "../../../service/clock.ts";
import { storedAmounts } from "../../../service/store/storage.ts";
import { touchArtifact } from "../../../service/store/artifacts.ts";
import { resolveTemplate } from "../../../service/templates/resolve.ts";
import { Retention } from "../../../service/templates/retention.ts";
import { DEFAULT_STORAGE_LIMITS, type StorageLimits } from "../../../service/templates/storage-limits.ts";
import { removeTag } from "../../../service/templates/tags.ts";
import { MemoryArtifacts } from "./memory-artifacts.ts";
import { TemplateStore } from "./template-store.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let store: TemplateStore;
let artifacts: MemoryArtifacts;

beforeEach(() => {
  store = new TemplateStore();
  artifacts = new MemoryArtifacts();
});
afterEach(() => store[Symbol.dispose]());

function sweep(at: string, limits: Partial<StorageLimits> = {}): Promise<void> {
  const { db, blobs } = store;
  const log = pino({ level: "silent" });
  const all = { ...DEFAULT_STORAGE_LIMITS, ...limits };
  return new Retention({ db, blobs, artifacts, artifactUses: [], log, retentionMs: 30 * DAY, limits: all }).sweep(at);
}

/** A ready build without a tag, whose image has so many bytes. */
async function untagged(name: string, sizeBytes = 100): Promise<{ buildId: string; templateId: string }> {
  const made = await store.ready({ name, tags: ["x"] });
  removeTag(store.db, () => [], name, "x");
  artifacts.images.set(`sha256:${made.buildId}`, { isOwn: true, sizeBytes });
  artifacts.names.set(artifacts.nameOf(made.templateId), `sha256:${made.buildId}`);
  return made;
}

const isThere = (templateId: string) => artifacts.names.has(artifacts.nameOf(templateId));

it("images beyond their size go, those first that are of no use for longest, and never one that was just used", async () => {
  const [first, second, third] = [await untagged("a"), await untagged("b"), await untagged("c")];
  const at = later(now(), 2 * HOUR);
  touchArtifact(store.db, first.templateId, later(at, -HOUR / 2));
  await sweep(at, { imageBytes: 250 });
  expect([first, second, third].map(({ templateId }) => isThere(templateId))).toEqual([true, false, true]);
  await sweep(at, { imageBytes: 0 });
  expect([first, third].map(({ templateId }) => isThere(templateId))).toEqual([true, false]);
  expect(resolveTemplate(store.db, first.templateId).buildId).toBe(first.buildId);
});

it("what is used now and then does not expire, though nothing holds it in between", async () => {
  const { templateId } = await untagged("a");
  for (let day = 20; day <= 100; day += 20) {
    const at = later(now(), day * DAY);
    touchArtifact(store.db, templateId, at);
    await sweep(later(at, DAY));
    expect(isThere(templateId)).toBe(true);
  }
  await sweep(later(now(), 131 * DAY));
  expect(isThere(templateId)).toBe(false);
});

it("one image that cannot be removed holds up neither the others nor the rest of the sweep", async () => {
  const [bad, good] = [await untagged("bad"), await untagged("good")];
  artifacts.broken.add(artifacts.nameOf(bad.templateId));
  const stray = join(store.folder, "blobs", "ab", `ab${"0".repeat(62)}`);
  mkdirSync(join(stray, ".."), { recursive: true });
  writeFileSync(stray, "x");
  await sweep(later(now(), 31 * DAY));
  expect([isThere(bad.templateId), isThere(good.templateId), existsSync(stray)]).toEqual([true, false, false]);
  artifacts.isAway = true;
  writeFileSync(stray, "x");
  await sweep(later(now(), 31 * DAY));
  expect(existsSync(stray)).toBe(false);
});

it("logs beyond their size lose all but their end, those first whose builds ended first", async () => {
  const [old, young] = [await store.accept({ name: "a" }), await store.accept({ name: "b" })];
  for (const buildId of [old, young]) {
    store.db.run("UPDATE builds SET status = 'building' WHERE build_id = ?", [buildId]);
    for (let i = 0; i < 20; i++)
      store.buildLog.append(buildId, { kind: "message", level: "info", message: `line ${i}` });
    store.finish(buildId);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const whole = store.buildLog.read(young, 0);
  await sweep(now(), {
    logBytes: store.db.get<{ b: number }>("SELECT log_bytes AS b FROM builds WHERE build_id = ?", [young])!.b,
  });
  expect(store.buildLog.read(young, 0)).toEqual(whole);
  const left = store.buildLog.read(old, 0).map(({ entry }) => JSON.parse(entry) as { offset: number; kind: string });
  expect(left.map(({ offset, kind }) => [offset, kind])).toEqual([
    [20, "warning"],
    [21, "end"],
  ]);
  await sweep(now(), { logBytes: 0 });
  expect(store.buildLog.read(young, 0)).toHaveLength(2);
});

it("bodies go with the oldest contexts that nobody builds any more, and one that is asked for again stays", async () => {
  const put = async (text: string) => {
    const sha256 = createHash("sha256").update(text).digest("hex");
    await store.blobs.preflight([{ path: "f", entry_type: "file", sha256, size_bytes: text.length }]);
    await store.blobs.put(BlobStore.idOf(sha256), Readable.from([Buffer.from(text)]), text.length);
    return BlobStore.idOf(sha256);
  };
  const build = async (name: string, blob_id: string) =>
    store.ready({
      name,
      dockerfile: "FROM busybox\nCOPY f /f\n",
      base_image: undefined,
      build_context: { files: [{ path: "f", entry_type: "file", blob_id }] },
    });
  const bodies = [
    await put("first".repeat(20_000)),
    await put("second".repeat(20_000)),
    await put("loose".repeat(20_000)),
  ];
  await build("a", bodies[0]!);
  await new Promise((resolve) => setTimeout(resolve, 2));
  await build("b", bodies[1]!);
  const at = later(now(), 2 * HOUR);
  const kept = () => bodies.map((id) => store.blobs.find(id)?.isStored ?? false);
  await sweep(now(), { blobBytes: 0 });
  expect(kept()).toEqual([true, true, true]);
  await sweep(at, { blobBytes: 230_000 });
  expect(kept()).toEqual([true, true, false]);
  await sweep(at, { blobBytes: 0 });
  expect(kept()).toEqual([false, false, false]);
});

it("records beyond their number go, with all that hangs on them, but none that has a tag or an image", async () => {
  const [gone, kept] = [await untagged("web"), await untagged("web")];
  const live = await store.ready({ name: "web", tags: ["x"] });
  artifacts.inUse.add(artifacts.nameOf(kept.templateId));
  await sweep(later(now(), 31 * DAY), { builds: 0 });
  const left = store.db.all<{ id: string }>("SELECT build_id AS id FROM builds").map(({ id }) => id);
  expect(left.sort()).toEqual([kept.buildId, live.buildId].sort());
  expect(store.buildLog.read(gone.buildId, 0)).toEqual([]);
  expect(storedAmounts(store.db).builds).toBe(2);
});
