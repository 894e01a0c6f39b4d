/**
 * How long Chromium takes to paint each page of a service with 1,000 templates and a log of 100,000 lines, from the click
 * to the first text on the screen; and how much of it there is.
 *
 *   npm run bench:page [-- rounds]
 */
import { Chrome } from "./chrome.ts";
import { pagesOf } from "./crawl.ts";
import { PageWorld } from "./page-world.ts";
import { seedFleet } from "./seed-fleet.ts";
import { seed } from "./seed.ts";
import { quantile } from "../bench/measure.ts";

const ROUNDS = Number(process.argv[2] ?? 5);

await using world = await PageWorld.start();
await using chrome = await Chrome.start();
const { long, failed, running } = await seed(world);
const fleet = await seedFleet(world);
const log = `/ui/builds/${long}/log?from=50000`;
const pages = await pagesOf(
  world,
  ...[long, failed, running.buildId].map((id) => `/ui/builds/${id}`),
  log,
  `${log}&find=module`,
  `/ui/pools/${fleet.pools.full}`,
  `/ui/machines/${fleet.machines.running}`,
);
const page = await chrome.logIn(world, { viewport: { width: 1440, height: 900 } });
console.log(`${"page".padEnd(56)}  first paint: median, worst of ${ROUNDS}     HTML   elements`);
for (const path of pages) {
  const paints: number[] = [];
  let [bytes, nodes] = [0, 0];
  for (let round = 0; round <= ROUNDS; round++) {
    const answer = await page.goto(path);
    bytes = (await answer?.body())?.length ?? 0;
    const seen = await page.evaluate(async () => {
      const painted = await new Promise<number>((resolve) => {
        new PerformanceObserver((list) => {
          for (const { startTime } of list.getEntriesByName("first-contentful-paint")) resolve(startTime);
        }).observe({ type: "paint", buffered: true });
      });
      return { painted, nodes: document.querySelectorAll("*").length };
    });
    nodes = seen.nodes;
    // The first turn does not count: it compiles what the others find.
    if (round > 0) paints.push(seen.painted);
  }
  const ms = (part: number) => `${quantile(paints, part).toFixed(0)} ms`.padStart(8);
  console.log(
    `${path.slice(0, 56).padEnd(56)}  ${ms(0.5)}  ${ms(1)}  ${(bytes / 1024).toFixed(1).padStart(26)} KiB  ${String(nodes).padStart(6)}`,
  );
}
fleet.release();
await running.finish();
await chrome.closeWindows();
