import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ServiceProcess } from "../engine/service/service-process.ts";
import { Random } from "../unit/context/support/random.ts";
import { callsTo } from "./support/calls.ts";
import { kills, seed } from "./support/extent.ts";
import type { Lane } from "./support/lane.ts";
import { LanesAtWork, MOST_MEMBERS, prepareLanes } from "./support/lanes-at-work.ts";
import { lookFromOutside } from "./support/outside-view.ts";
import { NO_HARM, Tally } from "./support/tally.ts";

/** Longest time at work before the kill. */
const WORK_MS = 1_500;
/** How often the service is killed while it starts, too. */
const KILLED_AT_START = 0.2;
const START_MS = 900;

const service = new ServiceProcess();
const tally = new Tally("kill -9 of the service");
let lanes: Lane[];

beforeAll(async () => {
  await service.start();
  lanes = await prepareLanes(callsTo(service.access), tally);
});

afterAll(async () => {
  tally.report();
  await service[Symbol.asyncDispose]();
});

it(
  `after each of ${kills} kills all that was acknowledged is there, once, and nothing else (seed ${seed})`,
  async () => {
    const random = new Random(seed);
    for (let round = 1; round <= kills; round += 1) {
      const call = callsTo(service.access);
      const atWork = new LanesAtWork(lanes, call, seed * 10_000 + round * 10, tally);
      await sleep(random.between(0, WORK_MS));
      await service.kill();
      await atWork.ended();
      tally.faults += 1;
      if (random.chance(KILLED_AT_START)) {
        service.launch();
        await sleep(random.between(0, START_MS));
        await service.kill();
        tally.faults += 1;
      }
      await service.start();
      for (const lane of lanes) await lane.look(callsTo(service.access), tally);
      await lookFromOutside(service, tally, MOST_MEMBERS);
      expect(tally.harm, `after kill ${round} of seed ${seed}`).toEqual(NO_HARM);
    }
    expect(tally.acknowledged).toBeGreaterThan(kills);
  },
  60_000 + kills * 60_000,
);
