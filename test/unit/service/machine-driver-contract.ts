import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Readiness } from "../../../sdk/wire/index.ts";
import {
  GuestCommandTimeoutError,
  GuestNotPausedError,
  GuestNotRunningError,
  MachineExitedError,
  MachineImageMissingError,
  ReadinessTimeoutError,
} from "../../../service/fleet/guests/driver-errors.ts";
import { explainDeath } from "../../../service/fleet/guests/explain-death.ts";
import type {
  GuestEvent,
  GuestSpec,
  MachineArtifact,
  MachineDriver,
} from "../../../service/fleet/guests/machine-driver.ts";
import { waitUntilReady } from "../../../service/fleet/guests/readiness.ts";

/** A driver to hold against the contract, and what its guests are made of. */
export interface DriverUnderTest extends AsyncDisposable {
  readonly driver: MachineDriver;
  /** Image with a shell. */
  readonly imageId: string;
  /** Image that is not there. @default an id of an engine that no image has */
  readonly missingImageId?: string;
  /** A name in the image's host that no other test has. */
  guestId(): string;
}

const NEVER = {
  kind: "command",
  command: "false",
  timeout_secs: 1,
  interval_ms: 100,
  startup_grace_secs: 0,
} satisfies Readiness;

/** What every driver of machines does, whatever runs them: see `MachineDriver`. */
export function machineDriverContract(name: string, open: () => Promise<DriverUnderTest>): void {
  describe(`${name}, as a driver of machines`, () => {
    let world: DriverUnderTest;
    let driver: MachineDriver;
    const scope = { stop: new AbortController() };

    beforeEach(async () => {
      world = await open();
      driver = world.driver;
      scope.stop = new AbortController();
    });

    afterEach(async () => {
      scope.stop.abort();
      await world[Symbol.asyncDispose]();
    });

    /** Follows the driver until the test is over, from when it says that it tells. */
    const follow = async () => {
      const told: GuestEvent[] = [];
      const opened = Promise.withResolvers<void>();
      const watching = (async () => {
        for await (const event of driver.watch({ signal: scope.stop.signal, onOpen: opened.resolve })) told.push(event);
      })().catch((error: unknown) => {
        if (!scope.stop.signal.aborted) throw error;
      });
      await opened.promise;
      return { told, watching };
    };

    const specOf = (artifact: Partial<MachineArtifact> = {}, more: Partial<GuestSpec> = {}): GuestSpec => ({
      guestId: world.guestId(),
      artifact: { templateId: "tmpl_contract", imageId: world.imageId, env: {}, ...artifact },
      vcpus: 0.5,
      memoryMb: 64,
      internetAccess: !driver.capabilities.isolates,
      ...more,
    });

    async function started(artifact: Partial<MachineArtifact> = {}, more: Partial<GuestSpec> = {}): Promise<string> {
      const spec = specOf(artifact, more);
      await driver.start(spec);
      await waitUntilReady(driver, spec.guestId, undefined, {});
      return spec.guestId;
    }

    const seen = async (guestId: string) => (await driver.list()).find((guest) => guest.guestId === guestId);
    const run = (guestId: string, script: string, timeoutMs = 20_000) =>
      driver.exec(guestId, { argv: ["sh", "-c", script], timeoutMs });

    it("takes up the guest that a spec has made before, and makes no second one", async () => {
      const spec = specOf();
      await driver.start(spec);
      await driver.start(spec);
      expect(await driver.list()).toEqual([{ guestId: spec.guestId, alive: true, paused: false }]);
    });

    it("does not start a guest a second time that has ended, and says how it ended", async () => {
      const spec = specOf({ startCmd: "exit 7" });
      await driver.start(spec);
      await expect(waitUntilReady(driver, spec.guestId, undefined, { steadyMs: 20_000 })).rejects.toMatchObject({
        code: "machine_exited",
        exitCode: 7,
      });
      await expect(driver.start(spec)).rejects.toThrow(MachineExitedError);
      expect(await seen(spec.guestId)).toMatchObject({ alive: false });
      expect(await driver.look(spec.guestId, undefined, { signal: scope.stop.signal })).toMatchObject({ ok: false });
      expect(await explainDeath(driver, spec.guestId, scope.stop.signal)).toContain("exit code 7");
    });

    it("tells how a main process ended and what it wrote, to who waits and to who asks later", async () => {
      const spec = specOf({ startCmd: "echo farewell; sleep 0.3; exit 9" });
      await driver.start(spec);
      const exit = { exitCode: 9, outOfMemory: false };
      expect(await driver.waitExit(spec.guestId)).toEqual(exit);
      expect(await driver.waitExit(spec.guestId)).toEqual(exit);
      expect(await driver.logs(spec.guestId)).toEqual(["farewell"]);
    });

    it("ends the wait for an exit when the guest is removed, and lets it be given up", async () => {
      const [removed, kept] = [await started(), await started()];
      // What was killed to be removed may be heard to have ended.
      const gone = driver.waitExit(removed).catch((error: unknown) => (error as GuestNotRunningError).code);
      const givenUp = expect(driver.waitExit(kept, scope.stop.signal)).rejects.toThrow(/not wanted|aborted/);
      await driver.remove(removed);
      scope.stop.abort(new Error("not wanted any more"));
      await givenUp;
      expect([{ exitCode: 137, outOfMemory: false }, "guest_not_running"]).toContainEqual(await gone);
      await expect(driver.waitExit(removed)).rejects.toThrow(GuestNotRunningError);
    });

    it("gives a guest an address in a network, or none, as its spec says, and refuses what it is not able to", async () => {
      const { capabilities } = driver;
      expect(await driver.address(await started({}, { internetAccess: true }))).toEqual(expect.any(String));
      const without = specOf({}, { internetAccess: false });
      if (capabilities.isolates) {
        await driver.start(without);
        expect(await driver.address(without.guestId)).toBeUndefined();
      } else {
        await expect(driver.start(without)).rejects.toMatchObject({ code: "machine_refused", isImpossible: true });
        expect(await seen(without.guestId)).toBeUndefined();
      }
    });

    it("knows whether a bound of the disk is held once a guest with one was started", async () => {
      await started({}, { diskMb: 512 });
      expect(driver.capabilities.limitsDisk).toEqual(expect.any(Boolean));
    });

    it("names an image that is not there", async () => {
      const missing = specOf({ imageId: world.missingImageId ?? `sha256:${"0".repeat(64)}` });
      await expect(driver.start(missing)).rejects.toThrow(MachineImageMissingError);
      expect(await driver.list()).toEqual([]);
    });

    it("brings an image to where its guests start, if it can, and names one that is not there", async () => {
      if (driver.prepare === undefined) return;
      const { signal } = scope.stop;
      const { artifact } = specOf();
      expect(await driver.prepare(artifact, signal)).toEqual({ skipped: [] });
      const missing = { ...artifact, imageId: world.missingImageId ?? `sha256:${"0".repeat(64)}` };
      await expect(driver.prepare(missing, signal)).rejects.toThrow(MachineImageMissingError);
      expect(await driver.list()).toEqual([]);
      const given = new AbortController();
      given.abort(new Error("not wanted"));
      await expect(driver.prepare(artifact, given.signal)).rejects.toThrow("not wanted");
    });

    it("gives up on a check that never passes, and tells of each try", async () => {
      const guestId = await started();
      const attempts: boolean[] = [];
      const wait = waitUntilReady(driver, guestId, NEVER, { onAttempt: ({ ok }) => void attempts.push(ok) });
      await expect(wait).rejects.toThrow(ReadinessTimeoutError);
      expect(attempts.length).toBeGreaterThan(1);
      expect(attempts.every((ok) => !ok)).toBe(true);
      expect(await driver.look(guestId, NEVER, { signal: scope.stop.signal })).toMatchObject({ ok: false });
      expect(await driver.look(guestId, undefined, { signal: scope.stop.signal })).toEqual({ ok: true });
    });

    it("lets a wait be given up", async () => {
      const guestId = await started();
      const wait = waitUntilReady(driver, guestId, { ...NEVER, timeout_secs: 60 }, { signal: scope.stop.signal });
      scope.stop.abort(new Error("not wanted any more"));
      await expect(wait).rejects.toThrow(/not wanted|aborted/);
    });

    it("runs commands to their end, and tells how they ended", async () => {
      const guestId = await started();
      expect(await run(guestId, "exit 3")).toMatchObject({ exitCode: 3, truncated: false });
      await expect(run(guestId, "sleep 60", 300)).rejects.toThrow(GuestCommandTimeoutError);
    });

    it("freezes a guest and lets it go on, and refuses what does not fit its state", async () => {
      const guestId = await started();
      if (!driver.capabilities.pauses) {
        await expect(driver.pause(guestId)).rejects.toMatchObject({ code: "machine_refused", isImpossible: true });
        await expect(driver.resume(guestId)).rejects.toMatchObject({ code: "machine_refused", isImpossible: true });
        expect(await run(guestId, "true")).toMatchObject({ exitCode: 0 });
        return;
      }
      await expect(driver.resume(guestId)).rejects.toThrow(GuestNotPausedError);
      await driver.pause(guestId);
      await expect(driver.pause(guestId)).rejects.toThrow(GuestNotRunningError);
      await expect(run(guestId, "true")).rejects.toThrow(GuestNotRunningError);
      expect(await seen(guestId)).toEqual({ guestId, alive: true, paused: true });
      expect(await driver.look(guestId, undefined, { signal: scope.stop.signal })).toMatchObject({ ok: false });
      await driver.resume(guestId);
      expect(await run(guestId, "true")).toMatchObject({ exitCode: 0 });
    });

    it("removes a guest that runs, is frozen, has ended or is not there", async () => {
      const [running, frozen, ended] = [await started(), await started(), specOf({ startCmd: "exit 1" })];
      if (driver.capabilities.pauses) await driver.pause(frozen);
      await driver.start(ended);
      for (const guestId of [running, frozen, ended.guestId, world.guestId()]) {
        await driver.remove(guestId);
        await driver.remove(guestId);
      }
      expect(await driver.list()).toEqual([]);
    });

    it("refuses every call on a guest that is not there in one way", async () => {
      const guestId = world.guestId();
      await expect(run(guestId, "true")).rejects.toThrow(GuestNotRunningError);
      if (driver.capabilities.pauses) {
        await expect(driver.pause(guestId)).rejects.toThrow(GuestNotRunningError);
        await expect(driver.resume(guestId)).rejects.toThrow(GuestNotRunningError);
      }
      await expect(waitUntilReady(driver, guestId, undefined, {})).rejects.toThrow(GuestNotRunningError);
      expect(await driver.look(guestId, undefined, { signal: scope.stop.signal })).toMatchObject({ ok: false });
      await expect(driver.waitExit(guestId)).rejects.toThrow(GuestNotRunningError);
      await expect(driver.address(guestId)).rejects.toThrow(GuestNotRunningError);
      expect(await driver.logs(guestId)).toEqual([]);
      expect(await explainDeath(driver, guestId, scope.stop.signal)).toContain("removed");
    });

    it("tells of deaths, pauses and resumes of guests, from the moment that it says it does", async () => {
      const { told, watching } = await follow();
      const guestId = await started();
      const { pauses } = driver.capabilities;
      if (pauses) {
        await driver.pause(guestId);
        await driver.resume(guestId);
      }
      const dying = specOf({ startCmd: "sleep 0.2; exit 1" });
      await driver.start(dying);
      await expect.poll(() => told.map(({ kind }) => kind), { timeout: 20_000 }).toContain("died");
      expect(told.filter((event) => event.guestId === dying.guestId).map(({ kind }) => kind)).toEqual(["died"]);
      // A busy engine tells of a pause and its end again.
      const kinds = told.filter((event) => event.guestId === guestId).map(({ kind }) => kind);
      if (pauses) expect([kinds[0], kinds.at(-1), new Set(kinds).size]).toEqual(["paused", "resumed", 2]);
      else expect(kinds).toEqual([]);
      scope.stop.abort();
      await watching;
    });

    it("keeps trials of builds apart: they are listed and removed as such, and nobody is told of them", async () => {
      const { told, watching } = await follow();
      const trial = await started({ startCmd: "sleep 60" }, { buildId: "tb_contract" });
      const guest = await started();
      expect(await driver.list()).toEqual([{ guestId: guest, alive: true, paused: false }]);
      expect(await driver.listTrials()).toEqual([{ guestId: trial, buildId: "tb_contract" }]);
      const { pauses } = driver.capabilities;
      if (pauses) await driver.pause(trial);
      await driver.remove(trial);
      const dying = specOf({ startCmd: "sleep 0.2; exit 1" });
      await (pauses ? driver.pause(guest) : driver.start(dying));
      await expect.poll(() => told.length, { timeout: 20_000 }).toBeGreaterThan(0);
      await sleep(50);
      expect(told).toEqual([pauses ? { guestId: guest, kind: "paused" } : { guestId: dying.guestId, kind: "died" }]);
      expect(await driver.listTrials()).toEqual([]);
      scope.stop.abort();
      await watching;
    });
  });
}
