import { mkdtempSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { EngineUnavailableError } from "../../../service/errors.ts";
import { diskCheck, placeCheck, storeCheck } from "../../../service/health/checks.ts";
import type { Place } from "../../../service/health/place.ts";
import { ServiceHealth } from "../../../service/health/service-health.ts";
import { Database } from "../../../service/store/database.ts";
import { DiskRoom } from "../../../service/store/disk-room.ts";
import { LonelyService } from "./lonely-service.ts";

const QUIET = pino({ level: "silent" });
const ENGINE = { name: "engine", subject: "The engine" } as const;
const ANSWERS: Place["look"] = async () => undefined;
const MIB = 1024 * 1024;

/** A store on the disk, with its room, and all three looks at it. */
class Store implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "nullspace-health-"));
  readonly room = new DiskRoom(this.folder, 2 * MIB);
  readonly db = new Database(join(this.folder, "store.db"), undefined, this.room);

  health(look: Place["look"] = ANSWERS, log = QUIET, lookMs?: number): ServiceHealth {
    return new ServiceHealth([placeCheck({ ...ENGINE, look }), storeCheck(this.db), diskCheck(this.db)], log, lookMs);
  }

  [Symbol.dispose](): void {
    this.db.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

describe("GET /readyz", () => {
  it("says without a key what is away, and keeps to itself where it looked", async () => {
    await using service = await LonelyService.start();
    const { status, json, text } = await service.raw("GET", "/readyz", { headers: { authorization: "" } });
    expect([status, json.status]).toEqual([503, "not_ready"]);
    expect(json.checks).toMatchObject({
      engine: { status: "fail", message: "The engine does not answer." },
      store: { status: "ok" },
      disk: { status: "ok" },
    });
    expect(json).toMatchObject({
      code: "feature_unavailable",
      retryable: true,
      error: expect.stringContaining("engine"),
    });
    for (const secret of [service.dataDirectory, "docker.sock", service.service.apiKey])
      expect(text).not.toContain(secret);
    expect((await service.raw("GET", "/healthz")).json).toMatchObject({ status: "ok" });
  });
});

describe("the health of a service", () => {
  it("has what else there is to know of a place beside its word, while that answers", async () => {
    const note = () => "It is raining there.";
    const all = new ServiceHealth([placeCheck({ ...ENGINE, look: ANSWERS, note })], QUIET);
    expect((await all.look()).checks).toEqual({
      engine: { status: "ok", message: "The engine answers. It is raining there." },
    });
  });

  it("is good when all is there", async () => {
    using store = new Store();
    expect(await store.health().look()).toMatchObject({ isReady: true, checks: { disk: { status: "ok" } } });
  });

  it("is bad with a store that is closed", async () => {
    using store = new Store();
    store.db.close();
    const { isReady, checks } = await store.health().look();
    expect([isReady, checks.store]).toEqual([false, { status: "fail", message: "The store is closed." }]);
    expect(checks.engine?.status).toBe("ok");
  });

  it("is bad while the reserve of the disk is in use, and good when it fits again", async () => {
    using store = new Store();
    store.room.hold();
    const health = store.health();
    expect(store.room.isFull(Object.assign(new Error("full"), { errno: -constants.errno.ENOSPC }))).toBe(true);
    store.room.giveUp();
    expect((await health.look()).checks.disk).toMatchObject({ status: "fail" });
    store.room.hold();
    expect((await health.look()).isReady).toBe(true);
  });

  it("does not wait for what never answers, and asks it once however many ask", async () => {
    using store = new Store();
    let asked = 0;
    const frozen = () => {
      asked++;
      return new Promise<void>(() => undefined);
    };
    const health = store.health(frozen, QUIET, 50);
    const reports = await Promise.all([health.look(), health.look(), health.look()]);
    expect(reports.map(({ checks }) => checks.engine?.status)).toEqual(["fail", "fail", "fail"]);
    expect([asked, reports[0]?.checks.store.status]).toEqual([1, "ok"]);
  });

  it("is told to the log when it changes, with the cause, and not at every look", async () => {
    using store = new Store();
    const lines: { msg: string; check?: string; err?: { message: string } }[] = [];
    const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    let away: Error | undefined = new EngineUnavailableError("Nothing at /run/docker.sock.");
    const health = store.health(async () => {
      if (away !== undefined) throw away;
    }, log);
    await health.look();
    await health.look();
    away = undefined;
    await health.look();
    await health.look();
    expect(lines.map(({ msg, check }) => [msg, check])).toEqual([
      ["the service is not ready", "engine"],
      ["the service is ready again", undefined],
    ]);
    expect(JSON.stringify(lines[0]?.err)).toContain("/run/docker.sock");
  });
});
