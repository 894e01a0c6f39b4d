import { setTimeout as sleep } from "node:timers/promises";
import { BASE_IMAGE } from "../../engine/service/fleet-fixture.ts";
import { Random } from "../../unit/context/support/random.ts";
import { BuildLane, OFFLINE } from "./build-lane.ts";
import { NoAnswerError, type Call } from "./calls.ts";
import { acknowledged, type Lane } from "./lane.ts";
import { MachineLane, SIZE } from "./machine-lane.ts";
import type { Tally } from "./tally.ts";
import { ClaimLane, RenameLane, TagLane } from "./template-lanes.ts";

/** Members that the pool of {@link prepareLanes} may have. */
export const MOST_MEMBERS = 2;

/** Templates with their builds, a pool, and those who work with them. @param machinesMayEnd see {@link MachineLane} */
export async function prepareLanes(call: Call, tally: Tally, machinesMayEnd = false): Promise<Lane[]> {
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
    new MachineLane("machines", pool.id as string, machinesMayEnd),
    new MachineLane("machines", pool.id as string, machinesMayEnd),
  ];
}

/** Has every lane work until it is told to stop, or the service is gone. */
export class LanesAtWork {
  readonly #stop = new AbortController();
  readonly #ended: Promise<PromiseSettledResult<void>[]>;

  /** @param seed what the work is drawn with, another one for each lane */
  constructor(lanes: readonly Lane[], call: Call, seed: number, tally: Tally) {
    const works = lanes.map((lane, index) => this.#work(lane, call, new Random(seed + index), tally));
    this.#ended = Promise.allSettled(works);
  }

  /** Lets each lane end what it does. @throws what a lane has thrown, a missing answer excepted */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.ended();
  }

  /** Waits until the service is gone for all of them. @throws what a lane has thrown, a missing answer excepted */
  async ended(): Promise<void> {
    for (const outcome of await this.#ended) if (outcome.status === "rejected") throw outcome.reason;
  }

  async #work(lane: Lane, call: Call, random: Random, tally: Tally): Promise<void> {
    try {
      while (!this.#stop.signal.aborted) await lane.step(call, random, tally);
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
    }
  }
}

/** A call that is made again as long as the answer says that this helps, as clients do; for at most a minute. */
export function patient(call: Call): Call {
  return async (method, path, body, headers) => {
    const deadlineMs = performance.now() + 60_000;
    for (;;) {
      const answer = await call(method, path, body, headers);
      if (answer.status < 500 || answer.body.retryable !== true || performance.now() > deadlineMs) return answer;
      await sleep(100);
    }
  };
}
