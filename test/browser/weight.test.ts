import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { Chrome } from "./chrome.ts";
import { pagesOf } from "./crawl.ts";
import { PageWorld } from "./page-world.ts";
import { seedFleet, type SeededFleet } from "./seed-fleet.ts";
import { seed, type Seeded } from "./seed.ts";

let world: PageWorld;
let chrome: Chrome;
let seeded: Seeded;
let fleet: SeededFleet;

beforeAll(async () => {
  [world, chrome] = await Promise.all([PageWorld.start(), Chrome.start()]);
  seeded = await seed(world);
  fleet = await seedFleet(world);
});
afterEach(() => chrome.closeWindows());
afterAll(async () => {
  fleet.release();
  await chrome[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

it("no page is large, whatever the service has: 1,000 templates, a log of 100,000 lines", async () => {
  const [build, log] = [`/ui/builds/${seeded.long}`, `/ui/builds/${seeded.long}/log?from=50000`];
  const { pools, machines } = fleet;
  const ofFleet = [`/ui/pools/${pools.full}`, `/ui/machines/${machines.running}`];
  const pages = await pagesOf(world, build, log, `${log}&find=module`, ...ofFleet);
  const page = await chrome.logIn(world);
  const heavy: string[] = [];
  for (const path of pages) {
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    const answer = await page.goto(path, { waitUntil: "load" });
    const bytes = (await answer!.body()).length;
    const nodes = await page.evaluate(() => document.querySelectorAll("*").length);
    page.removeAllListeners("request");
    // The page, its style, its script; of a build that runs, its log.
    if (requests.length > 4 || bytes > 256 * 1024 || nodes > 6_000)
      heavy.push(`${path}: ${requests.length} requests, ${bytes} bytes, ${nodes} elements`);
  }
  expect(heavy).toEqual([]);
});

it("the script is under 6,000 bytes, the style under 20,000", () => {
  const sizeOf = (name: string) => readFileSync(`service/page/assets/${name}`).length;
  expect(sizeOf("page.js")).toBeLessThan(6_000);
  expect(sizeOf("page.css")).toBeLessThan(20_000);
});
