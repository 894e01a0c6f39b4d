import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { CreateTemplateRequest } from "../../../sdk/wire/index.ts";
import { BlobStore } from "../../../service/blobs/blob-store.ts";
import { FolderBlobBytes } from "../../../service/blobs/folder-blob-bytes.ts";
import { acceptBuild } from "../../../service/builds/accept-build.ts";
import { BuildLog } from "../../../service/builds/build-log.ts";
import { markBuilding, markCancelled, markFailed } from "../../../service/builds/build-transitions.ts";
import { checkRequest } from "../../../service/builds/check-request.ts";
import { DiskFullError } from "../../../service/errors.ts";
import { poolTagFollowers } from "../../../service/fleet/pools/tag-followers.ts";
import { ApiKeyStore } from "../../../service/store/api-keys.ts";
import { DiskRoom } from "../../../service/store/disk-room.ts";
import { removeAlias } from "../../../service/templates/aliases.ts";
import { releaseName, reserveName } from "../../../service/templates/claims.ts";
import { deleteRef } from "../../../service/templates/delete-template.ts";
import { renameTemplate } from "../../../service/templates/rename.ts";
import { resolveTemplate } from "../../../service/templates/resolve.ts";
import { assignTags, removeTag } from "../../../service/templates/tags.ts";
import { setVisibility } from "../../../service/templates/visibility.ts";
import { MemoryFleet } from "./memory-fleet.ts";

/** A disk that is full when a test says so. */
class ToldRoom extends DiskRoom {
  isFullNow = false;

  override assert(): void {
    if (this.isFullNow) throw new DiskFullError(this.folder);
  }
}

const folder = mkdtempSync(join(tmpdir(), "nullspace-full-"));
const soon = { timeout: 10_000, interval: 5 };
const FILE = { path: "a", entry_type: "file", sha256: digestOf("a"), size_bytes: 1 } as const;
let room: ToldRoom;
let world: MemoryFleet;
let blobs: BlobStore;
let buildLog: BuildLog;

beforeEach(() => {
  room = new ToldRoom(folder);
  world = new MemoryFleet(room);
  blobs = new BlobStore(world.db, new FolderBlobBytes(join(folder, "blobs")));
  buildLog = new BuildLog(world.db);
  for (const name of ["web", "old", "spare"]) world.seed(name);
});

afterEach(async () => {
  room.isFullNow = false;
  await world[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** @returns the build's id */
async function accept(name: string): Promise<string> {
  const resolve = async (ref: string) => resolveTemplate(world.db, ref);
  const request = CreateTemplateRequest.parse({ name, base_image: "busybox:1" });
  const checked = await checkRequest({ db: world.db, blobs, resolve }, request, new AbortController().signal);
  return acceptBuild({ db: world.db, blobs, buildLog }, checked);
}

const ready = (poolId: string) => world.guests.ofPool(poolId).filter(({ state }) => state === "ready").length;

/** Rows of each table. */
function counts(): Record<string, number> {
  const tables = world.db.all<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'");
  return Object.fromEntries(
    tables.map(({ name }) => [name, world.db.get<{ count: number }>(`SELECT count(*) AS count FROM "${name}"`)!.count]),
  );
}

it("what can be asked for again is refused on a full disk, and leaves no row", async () => {
  const { db, fleet } = world;
  const pool = await world.createPool({ name: "web", min_ready: 0, max_ready: 1 });
  const closed = await world.createPool({ name: "old", min_ready: 0, max_ready: 1 });
  await fleet.pools.disable(closed.id);
  const before = counts();
  room.isFullNow = true;
  const refused: Record<string, () => unknown> = {
    build: () => accept("late"),
    preflight: () => blobs.preflight([FILE]),
    "files inside a request": () => blobs.putInline([{ path: "a", bytes: Buffer.from("a") }]),
    "claim of a name": () => reserveName(db, "late"),
    tag: () => assignTags(db, "web", ["late"]),
    rename: () => renameTemplate(db, "web", "late"),
    visibility: () => setVisibility(db, "web", "public"),
    machine: () => world.createMachine({ template: "web" }),
    pool: () => world.createPool({ name: "spare" }),
    "settings of a pool": () => fleet.pools.update(pool.id, { labels: { a: "b" } }),
    "a pool that is to be filled": () => fleet.pools.enable(closed.id),
  };
  for (const [name, write] of Object.entries(refused)) {
    const outcome = await Promise.resolve()
      .then(write)
      .catch((error: unknown) => error);
    expect({ name, outcome }).toEqual({ name, outcome: expect.any(DiskFullError) });
  }
  expect(counts()).toEqual(before);
});

it("what ends, frees, claims or has happened is recorded, and adds rows of few kinds", async () => {
  const { db, fleet } = world;
  assignTags(db, "web", ["extra"]);
  renameTemplate(db, "old", "older");
  const claim = reserveName(db, "claimed");
  const pool = await world.createPool({ name: "web" });
  const [drained, disabled] = [await world.createPool({ name: "older" }), await world.createPool({ name: "spare" })];
  await expect.poll(() => ready(pool.id), soon).toBe(1);
  const { machineId: mortal } = await world.createMachine({ template: "web" });
  const { machineId: sleeper } = await world.createMachine({ template: "web" });
  const [failing, cancelled] = [await accept("failing"), await accept("cancelled")];
  const before = counts();
  room.isFullNow = true;

  await world.createMachine({ template: "web", warm_pool: { id: pool.id, mode: "require" } });
  await fleet.machines.destroy(mortal);
  fleet.machines.setTimeout(sleeper, 60_000);
  await fleet.machines.pause(sleeper);
  await fleet.machines.resume(sleeper);
  expect(await fleet.pools.drain(drained.id)).toMatchObject({ state: expect.not.stringContaining("enabled") });
  expect(await fleet.pools.disable(disabled.id)).toMatchObject({ state: "disabled" });
  expect(await fleet.pools.delete(disabled.id)).toMatchObject({ state: "deleted" });
  expect(markBuilding({ db, buildLog }, failing)).toBe(true);
  const detail = { code: "build_error", message: "It failed.", phase: "build_step", retryable: false } as const;
  expect(markFailed({ db, buildLog }, failing, { ...detail, suggested_action: "Try.", build_id: failing })).toBe(true);
  expect(markCancelled({ db, buildLog }, cancelled, undefined)).toBe(true);
  removeAlias(db, poolTagFollowers, "older", "old");
  removeTag(db, poolTagFollowers, "web", "extra");
  releaseName(db, claim.claim_token);
  deleteRef({ db, artifactUses: [], tagFollowers: poolTagFollowers }, "spare");
  new ApiKeyStore(db).add("way-in", "k".repeat(40));

  const after = counts();
  const grown = Object.keys(after).filter((table) => after[table]! > before[table]!);
  expect(grown.toSorted()).toEqual(["api_keys", "audit_events", "log_entries", "machines"]);
});

it("a pool is filled again when there is room, and says until then that its host is not fit", async () => {
  const pool = await world.createPool({ name: "web" });
  await expect.poll(() => ready(pool.id), soon).toBe(1);
  room.isFullNow = true;
  await world.createMachine({ template: "web", warm_pool: { id: pool.id, mode: "require" } });
  await world.fleet.pools.reconcile(pool.id);
  expect(world.guests.ofPool(pool.id).filter(({ state }) => state !== "claimed")).toEqual([]);
  expect(world.fleet.pools.get(pool.id).degraded_reason).toBe("no_eligible_hosts");
  room.isFullNow = false;
  await expect.poll(() => ready(pool.id), soon).toBe(1);
});

it("what nobody misses is left out without a word", async () => {
  const { machineId } = await world.createMachine({ template: "web" });
  const { lastActiveAtMs } = world.fleet.machines.get(machineId);
  const keys = new ApiKeyStore(world.db);
  const { keyId } = keys.add("mine", "k".repeat(40));
  room.isFullNow = true;
  await expect.poll(() => Date.now(), soon).toBeGreaterThan(lastActiveAtMs);
  await world.fleet.machines.inUse(machineId, async () => undefined);
  keys.touch(keyId);
  expect(world.fleet.machines.get(machineId).lastActiveAtMs).toBe(lastActiveAtMs);
  expect(keys.list()[0]?.lastUsedAt).toBeNull();
});
