import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { findingsOf } from "./axe.ts";
import { Chrome } from "./chrome.ts";
import { pagesOf } from "./crawl.ts";
import { LOOKS, misfitsOf, spaceText } from "./looks.ts";
import { PageWorld } from "./page-world.ts";
import { seed } from "./seed.ts";

let world: PageWorld;
let chrome: Chrome;
let pages: string[];

beforeAll(async () => {
  [world, chrome] = await Promise.all([PageWorld.start(), Chrome.start()]);
  const { failed, cancelled, running, ready } = await seed(world, { lines: 3_000 });
  const builds = [failed, cancelled, running.buildId, ready[2]].map((buildId) => `/ui/builds/${buildId}`);
  pages = await pagesOf(
    world,
    ...builds,
    "/ui/templates/local/web/tags/prod",
    "/ui/templates?find=nobody",
    `${builds[0]}/log?find=error`,
  );
});
afterEach(() => chrome.closeWindows());
afterAll(async () => {
  await chrome[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

describe("every page", () => {
  it("is among those that are looked at", () => {
    for (const kind of [
      /\/templates$/,
      /\/templates\/local\/\w/,
      /\/tags\//,
      /\/move\?/,
      /\/log\?find/,
      /\/compare\?/,
    ]) {
      expect(pages.filter((path) => kind.test(path))).not.toEqual([]);
    }
  });

  it.each(LOOKS)("fits its window, and has no finding of axe: $name", async ({ options, isSpaced, isSameToAxe }) => {
    const page = await chrome.logIn(world, options);
    const found: [path: string, what: string[]][] = [];
    const look = async (path: string) => {
      await page.goto(path);
      if (isSpaced) await spaceText(page);
      const what = [...(await misfitsOf(page)), ...(isSameToAxe ? [] : await findingsOf(page))];
      if (what.length > 0) found.push([path, what]);
    };
    for (const path of pages) await look(path);
    await page.context().clearCookies();
    for (const path of ["/ui/log-in", "/ui/log-in?out=1"]) await look(path);
    expect(found).toEqual([]);
  });
});
