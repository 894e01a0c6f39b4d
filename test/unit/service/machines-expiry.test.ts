import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { pino } from "pino";
import { MachineExpiry } from "../../../service/fleet/machines/expiry.ts";
import type { MachineService } from "../../../service/fleet/machines/machine-service.ts";
import type { MachineRow, MachineStore } from "../../../service/store/machines.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The expiry over machines in memory; `end` takes a moment, as on an engine. */
function setUp(timeouts: number[], action = "destroy") {
  const startMs = Date.now();
  let rows = timeouts.map((inMs, index) => ({
    machineId: `mch_${index}`,
    status: "running",
    timeoutAtMs: startMs + inMs,
    timeoutAction: action,
    inactivityTimeoutMs: null as number | null,
    lastActiveAtMs: startMs,
  }));
  const ended = new Map<string, number>();
  const state = { failures: 0, storeFails: 0, reasons: [] as (string | null | undefined)[] };
  const busy = new Set<string>();
  const service = {
    isInUse: (machineId: string) => busy.has(machineId),
    pause: () => Promise.reject(new Error("it cannot be frozen")),
    async end(machineId: string, _status: string, failure?: string | null) {
      state.reasons.push(failure);
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (state.failures > 0) {
        state.failures -= 1;
        throw new Error("the engine is away");
      }
      rows = rows.filter((row) => row.machineId !== machineId);
      ended.set(machineId, Date.now() - startMs);
    },
  } as Partial<MachineService> as MachineService;
  const machines = {
    timed: () => {
      if (state.storeFails-- > 0) throw new Error("disk I/O error");
      return rows as MachineRow[];
    },
    purge: () => 0,
  } as Partial<MachineStore> as MachineStore;
  const expiry = new MachineExpiry({
    machines,
    service,
    log: pino({ level: "silent" }),
    stopping: new AbortController().signal,
  });
  return { expiry, ended, state, busy, rows };
}

test("every machine ends at its time, also one whose time comes while another is being ended", async () => {
  const { expiry, ended } = setUp([100, 110, 5000]);
  expiry.wake();
  await vi.advanceTimersByTimeAsync(200);
  expect([...ended.keys()]).toEqual(["mch_0", "mch_1"]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(ended.get("mch_2")).toBeLessThan(5100);
});

test("an end that fails is tried again, after a pause", async () => {
  const { expiry, ended, state } = setUp([100]);
  state.failures = 2;
  expiry.wake();
  await vi.advanceTimersByTimeAsync(5000);
  expect(state.failures).toBe(1);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(ended.size).toBe(1);
});

test("a time further away than a timer can be set for is kept all the same", async () => {
  const { expiry, ended } = setUp([7 * 24 * 3600 * 1000]);
  expiry.wake();
  await vi.advanceTimersByTimeAsync(7 * 24 * 3600 * 1000 - 1000);
  expect(ended.size).toBe(0);
  await vi.advanceTimersByTimeAsync(2000);
  expect(ended.size).toBe(1);
});

test("a store that fails once does not stop the clock", async () => {
  const { expiry, ended, state } = setUp([100]);
  state.storeFails = 1;
  expiry.wake();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(ended.size).toBe(1);
});

test("a machine that cannot be hibernated is ended after a few tries, with the reason", async () => {
  const { expiry, ended, state } = setUp([100], "hibernate");
  expiry.wake();
  await vi.advanceTimersByTimeAsync(8_000);
  expect(ended.size).toBe(0);
  await vi.advanceTimersByTimeAsync(8_000);
  expect(ended.size).toBe(1);
  expect(state.reasons).toEqual(["Its time was up, and it could not be hibernated: it cannot be frozen"]);
});

test("a machine in which a command runs is not inactive, however long the command takes", async () => {
  const { expiry, ended, busy, rows } = setUp([100_000]);
  rows[0]!.inactivityTimeoutMs = 1_000;
  busy.add("mch_0");
  expiry.wake();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(ended.size).toBe(0);
  busy.clear();
  expiry.wake();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(ended.size).toBe(1);
});
