import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { Chrome } from "./chrome.ts";
import { serveFolder } from "./static-site.ts";

const pictures = join(dirname(fileURLToPath(import.meta.url)), "../../docs/pictures");
let site: Awaited<ReturnType<typeof serveFolder>>;
let chrome: Chrome;
beforeAll(async () => {
  [site, chrome] = await Promise.all([serveFolder(pictures), Chrome.start()]);
});
afterEach(() => chrome.closeWindows());
afterAll(async () => {
  await chrome[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

/** Text of the frames that are seen. */
const SEEN = `[...document.querySelectorAll(".f")].filter((frame) => getComputedStyle(frame).visibility === "visible")
  .map((frame) => [...frame.querySelectorAll("use")].map((use) => document.querySelector(use.getAttribute("href")).textContent).join("\\n"))`;

it("shows one frame at any time, from the command to the end of the quickstart", async () => {
  const page = await chrome.open({ url: site.url, apiKey: "" });
  await page.goto("/quickstart.svg");
  const seen: string[][] = [];
  for (let part = 0; part < 1; part += 0.05) {
    await page.evaluate((at) => {
      for (const each of document.getAnimations()) {
        each.pause();
        each.currentTime = at * Number(each.effect!.getTiming().duration);
      }
    }, part);
    seen.push((await page.evaluate(SEEN)) as string[]);
  }
  expect(seen.map((frames) => frames.length)).toEqual(seen.map(() => 1));
  expect(seen[0]![0]).toBe("$ npm run quickstart");
  expect(seen.at(-1)![0]).toContain("Take everything down");
});

it("stands still at the end for who wants no motion", async () => {
  const page = await chrome.open({ url: site.url, apiKey: "" }, { reducedMotion: "reduce" });
  await page.goto("/quickstart.svg");
  const seen = (await page.evaluate(SEEN)) as string[];
  expect(seen).toHaveLength(1);
  expect(seen[0]).toContain("Done in");
});
