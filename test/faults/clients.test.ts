import { readdirSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BASE_IMAGE, eventually } from "../engine/service/fleet-fixture.ts";
import { ServiceProcess } from "../engine/service/service-process.ts";
import { Random } from "../unit/context/support/random.ts";
import { OFFLINE } from "./support/build-lane.ts";
import { callsTo, segment } from "./support/calls.ts";
import { seed, times } from "./support/extent.ts";
import type { Lane } from "./support/lane.ts";
import { LanesAtWork, MOST_MEMBERS, prepareLanes } from "./support/lanes-at-work.ts";
import { SIZE } from "./support/machine-lane.ts";
import { lookFromOutside } from "./support/outside-view.ts";
import { NO_HARM, Tally } from "./support/tally.ts";

/** Clients of each kind and round. */
const HALF_OPEN = 100;
const VANISHING = 6;
const WORK_MS = 1_000;
/** Connections that the service may have beside those of the test's clients: to its engine, to its store. */
const SOME_FILES = 40;
/** A stop waits for nobody who says nothing. */
const STOP_MS = 20_000;

const service = new ServiceProcess();
const tally = new Tally("clients that vanish, and half-open ones");
let lanes: Lane[];
const halfOpen: Socket[] = [];

beforeAll(async () => {
  await service.start();
  lanes = await prepareLanes(callsTo(service.access), tally);
});

afterAll(async () => {
  for (const socket of halfOpen) socket.destroy();
  tally.report();
  await service[Symbol.asyncDispose]();
});

/** A connection on which whatever the service does is no error of the test. */
async function dial(): Promise<Socket> {
  const { hostname, port } = new URL(service.access.url);
  const socket = connect(Number(port), hostname).on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

function requestText(method: string, path: string, body: object, headers: Record<string, string> = {}): string {
  const json = JSON.stringify(body);
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `host: ${new URL(service.access.url).host}`,
    `authorization: Bearer ${service.access.apiKey}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(json)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join("\r\n")}\r\n\r\n${json}`;
}

/** Sends a part of a request, and then nothing, for ever. */
async function sendHalf(random: Random, nth: number): Promise<void> {
  const text = requestText("POST", "/v1/templates/builds", { name: `half-${nth}`, base_image: BASE_IMAGE });
  const socket = await dial();
  socket.write(text.slice(0, random.between(0, text.length - 1)));
  halfOpen.push(socket);
  tally.faults += 1;
}

/** Sends a whole request, and goes before or while the answer comes. */
async function vanish(random: Random, text: string): Promise<void> {
  const socket = await dial();
  socket.write(text);
  await sleep(random.between(0, 50));
  socket.resetAndDestroy();
  tally.faults += 1;
}

const openFiles = (): number => readdirSync(`/proc/${service.pid}/fd`).length;
const rounds = times(1);

it(
  `clients that say nothing or go away hold up nobody, and what they asked for is there once or not at all (seed ${seed})`,
  async () => {
    const random = new Random(seed + 3);
    const call = callsTo(service.access);
    const filesBefore = openFiles();
    const keys: string[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      const atWork = new LanesAtWork(lanes, call, seed * 40_000 + round * 10, tally);
      const before = tally.acknowledged;
      await Promise.all(Array.from({ length: HALF_OPEN }, (_, nth) => sendHalf(random, nth)));
      for (let nth = 0; nth < VANISHING; nth += 1) {
        const key = `vanished-${round}-${nth}`;
        keys.push(key);
        const machine = {
          template: "machines",
          ...SIZE,
          internet_access: false,
          metadata: { key },
          timeout_ms: 3_600_000,
        };
        const dockerfile = `FROM ${BASE_IMAGE}\nRUN echo vanished\n`;
        const build = { name: "vanished", tags: [key], dockerfile, build_config: OFFLINE };
        await vanish(random, requestText("POST", "/v1/machines", machine, { "idempotency-key": key }));
        await vanish(random, requestText("POST", "/v1/templates/builds", build));
        // Of this machine one is enough.
        const again = await call("POST", "/v1/machines", machine, { "idempotency-key": key });
        tally.acknowledged += 1;
        if (again.status >= 300) tally.lost.push(`machine of ${key}: ${again.status} ${JSON.stringify(again.body)}`);
        await call("DELETE", `/v1/machines/${again.body.id}`);
      }
      await sleep(WORK_MS);
      await atWork.stop();
      // All of the lanes have got on beside the others.
      expect(tally.acknowledged - before).toBeGreaterThan(lanes.length + VANISHING);
      for (const key of keys) {
        const query = `state=creating,running,paused,destroyed&metadata=${encodeURIComponent(JSON.stringify({ key }))}`;
        const { items } = (await call("GET", `/v1/machines?${query}`)).body as { items: object[] };
        if (items.length > 1) tally.doubled.push(`machines of ${key}`);
      }
      const { body } = await call("GET", `/v1/templates/refs/${segment("vanished")}/builds?limit=100`);
      const builds = (body.builds ?? []) as { build_id: string; tags: string[] }[];
      const tags = builds.map(({ tags: [tag] }) => tag);
      if (new Set(tags).size !== tags.length) tally.doubled.push(`builds of vanished: ${tags.join()}`);
      for (const { build_id } of builds) {
        await call("GET", `/v1/templates/builds/${build_id}/logs?follow=true&offset=0`);
        const { build } = (await call("GET", `/v1/templates/builds/${build_id}`)).body;
        if (build.status !== "ready") tally.lost.push(`build ${build_id} is ${build.status}`);
      }
      for (let nth = 0; nth < HALF_OPEN; nth += 1) {
        // Half a request does nothing.
        const held = await call("GET", `/v1/templates/refs/${segment(`half-${nth}`)}`);
        if (held.status !== 404) tally.doubled.push(`half a request of half-${nth}`);
      }
      for (const lane of lanes) await lane.look(call, tally);
      await lookFromOutside(service, tally, MOST_MEMBERS);
      expect(tally.harm, `after round ${round} of seed ${seed}`).toEqual(NO_HARM);
      // Some of them go, others stay on the line until the service ends.
      for (const socket of halfOpen.splice(0, HALF_OPEN / 2)) socket.destroy();
    }
    await eventually("the connections of those who went are closed", async () => {
      const stillOpen = halfOpen.filter(({ closed }) => !closed).length;
      return openFiles() <= filesBefore + stillOpen + SOME_FILES;
    });
    const startMs = performance.now();
    await service.stop();
    expect(performance.now() - startMs, "the stop waits for half a request").toBeLessThan(STOP_MS);
  },
  60_000 + rounds * 60_000,
);
