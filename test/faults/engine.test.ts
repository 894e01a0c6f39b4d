import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { OwnEngine } from "../engine/docker/own-engine.ts";
import { ServiceProcess } from "../engine/service/service-process.ts";
import { Random } from "../unit/context/support/random.ts";
import { callsTo, type Call } from "./support/calls.ts";
import { seed, times } from "./support/extent.ts";
import type { Lane } from "./support/lane.ts";
import { LanesAtWork, MOST_MEMBERS, patient, prepareLanes } from "./support/lanes-at-work.ts";
import { lookFromOutside } from "./support/outside-view.ts";
import { NO_HARM, Tally } from "./support/tally.ts";

const WORK_MS = 1_000;
/** How long the engine stays away, or frozen. */
const AWAY_MS = 2_000;

let engine: OwnEngine;
let service: ServiceProcess;
let lanes: Lane[];
const tally = new Tally("an engine that is killed, restarted, frozen");
const call: Call = patient((...args) => callsTo(service.access)(...args));

const FAULTS: ((random: Random) => Promise<void>)[] = [
  async (random) => {
    await engine.kill();
    await sleep(random.between(0, AWAY_MS));
    await engine.startAgain();
  },
  async (random) => {
    await engine.stop();
    await sleep(random.between(0, AWAY_MS));
    await engine.startAgain();
  },
  async (random) => {
    engine.freeze();
    await sleep(random.between(AWAY_MS / 4, AWAY_MS));
    engine.thaw();
  },
];

beforeAll(async () => {
  engine = await OwnEngine.start();
  service = new ServiceProcess({ dockerHost: engine.host });
  await service.start();
  lanes = await prepareLanes(call, tally, true);
});

afterAll(async () => {
  engine.thaw();
  tally.report();
  await service[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
});

const rounds = times(FAULTS.length);

it(
  `whatever the engine goes through, nothing is lost, and what it cut is taken up again (seed ${seed})`,
  async () => {
    const random = new Random(seed + 2);
    for (let round = 0; round < rounds; round += 1) {
      const atWork = new LanesAtWork(lanes, call, seed * 30_000 + round * 10, tally);
      await sleep(random.between(0, WORK_MS));
      await FAULTS[round % FAULTS.length]!(random);
      tally.faults += 1;
      await sleep(random.between(0, WORK_MS));
      await atWork.stop();
      await lookFromOutside(service, tally, MOST_MEMBERS);
      for (const lane of lanes) await lane.look(call, tally);
      expect(tally.harm, `after round ${round} of seed ${seed}`).toEqual(NO_HARM);
    }
    expect(tally.acknowledged).toBeGreaterThan(rounds);
  },
  60_000 + rounds * 90_000,
);
