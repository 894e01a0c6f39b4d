import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ServiceProcess } from "../engine/service/service-process.ts";
import { Random } from "../unit/context/support/random.ts";
import { callsTo } from "./support/calls.ts";
import { seed, times } from "./support/extent.ts";
import type { Lane } from "./support/lane.ts";
import { LanesAtWork, MOST_MEMBERS, prepareLanes } from "./support/lanes-at-work.ts";
import { lookFromOutside } from "./support/outside-view.ts";
import { NO_HARM, Tally } from "./support/tally.ts";

/** The clock is wrong by at most this much: claims, which hold for 15 minutes, outlive a jump from end to end. */
const MOST_WRONG_MS = 5 * 60_000;
const JUMPS_A_ROUND = 3;
const WORK_MS = 700;
/** How often the service is killed after the jumps, and comes back on the store of a time that is yet to come. */
const KILLED = 0.5;

const folder = mkdtempSync(join(tmpdir(), "nullspace-clock-"));
const clock = join(folder, "clock");
const service = new ServiceProcess({
  imports: [new URL("support/moving-clock.ts", import.meta.url).href],
  env: { NULLSPACE_TEST_CLOCK: clock },
});
const tally = new Tally("jumps of the clock");
let lanes: Lane[];

beforeAll(async () => {
  setClock(0);
  await service.start();
  lanes = await prepareLanes(callsTo(service.access), tally);
});

afterAll(async () => {
  tally.report();
  await service[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function setClock(offsetMs: number): void {
  // Whole at every moment, because the service reads it all the time.
  writeFileSync(`${clock}.new`, String(offsetMs));
  renameSync(`${clock}.new`, clock);
}

const rounds = times(2);

it(
  `while the clock jumps to and fro, nothing is lost, and what came last stays last (seed ${seed})`,
  async () => {
    const random = new Random(seed + 1);
    let isAhead = true;
    for (let round = 1; round <= rounds; round += 1) {
      const atWork = new LanesAtWork(lanes, callsTo(service.access), seed * 20_000 + round * 10, tally);
      for (let jump = 1; jump <= JUMPS_A_ROUND; jump += 1) {
        await sleep(random.between(WORK_MS / 2, WORK_MS));
        setClock(random.between(0, MOST_WRONG_MS) * (isAhead ? 1 : -1));
        isAhead = !isAhead;
        tally.faults += 1;
      }
      await sleep(WORK_MS);
      if (random.chance(KILLED)) {
        await service.kill();
        await atWork.ended();
        await service.start();
      } else await atWork.stop();
      for (const lane of lanes) await lane.look(callsTo(service.access), tally);
      await lookFromOutside(service, tally, MOST_MEMBERS);
      expect(tally.harm, `after round ${round} of seed ${seed}`).toEqual(NO_HARM);
    }
    expect(tally.acknowledged).toBeGreaterThan(rounds);
  },
  60_000 + rounds * 60_000,
);
