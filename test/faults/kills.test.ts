import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BASE_IMAGE } from "../engine/service/fleet-fixture.ts";
import { ServiceProcess } from "../engine/service/service-process.ts";
import { Random } from "../unit/context/support/random.ts";
import { BuildLane, OFFLINE } from "./support/build-lane.ts";
import { callsTo, NoAnswerError, type Call } from "./support/calls.ts";
import { kills, seed } from "./support/extent.ts";
import { acknowledged, type Lane } from "./support/lane.ts";
import { MachineLane, SIZE } from "./support/machine-lane.ts";
import { lookFromOutside } from "./support/outside-view.ts";
import { NO_HARM, Tally } from "./support/tally.ts";
import { ClaimLane, RenameLane, TagLane } from "./support/template-lanes.ts";

const MOST_MEMBERS = 2;
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
  lanes = await prepare(callsTo(service.access));
});

afterAll(async () => {
  tally.report();
  await service[Symbol.asyncDispose]();
});

/** Templates with their builds, a pool, and those who work with them. */
async function prepare(call: Call): Promise<Lane[]> {
  const build = async (name: string, text: string): Promise<string> => {
    const dockerfile = `FROM ${BASE_IMAGE}\nRUN echo ${text}\n`;
    const body = { name, dockerfile, build_config: OFFLINE };
    const { build_id } = acknowledged(await call("POST", "/v1/templates/builds", body), tally);
    await call("GET", `/v1/templates/builds/${build_id}/logs?follow=true&offset=0`);
    return build_id as string;
  };
  const builds = [await build("tagged", "one"), await build("tagged", "two")];
  await build("renamed", "one");
  await build("machines", "one");
  const settings = { name: "pool", template_ref: "machines", min_ready: 1, max_ready: MOST_MEMBERS, resources: SIZE };
  const pool = acknowledged(await call("POST", "/v1/template-warm-pools", settings), tally);
  return [
    new TagLane("tagged", builds),
    new RenameLane("renamed"),
    new ClaimLane("claimed"),
    new BuildLane("built-a"),
    new BuildLane("built-b"),
    new MachineLane("machines", pool.id as string),
    new MachineLane("machines", pool.id as string),
  ];
}

/** Works until the service is gone. */
async function work(lane: Lane, call: Call, random: Random): Promise<void> {
  try {
    for (;;) await lane.step(call, random, tally);
  } catch (error) {
    if (!(error instanceof NoAnswerError)) throw error;
  }
}

it(
  `after each of ${kills} kills all that was acknowledged is there, once, and nothing else (seed ${seed})`,
  async () => {
    const random = new Random(seed);
    for (let round = 1; round <= kills; round += 1) {
      const call = callsTo(service.access);
      const atWork = lanes.map((lane, index) => work(lane, call, new Random(seed * 10_000 + round * 10 + index)));
      const ended = Promise.allSettled(atWork);
      await sleep(random.between(0, WORK_MS));
      await service.kill();
      for (const outcome of await ended) if (outcome.status === "rejected") throw outcome.reason;
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
