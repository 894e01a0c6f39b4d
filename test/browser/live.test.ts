import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { BuildFailure } from "../../service/builds/build-failure.ts";
import { Chrome, logIn } from "./chrome.ts";
import { PageWorld } from "./page-world.ts";
import { dealtWith, look, looksOf, openStill } from "./still-window.ts";

let world: PageWorld;
let chrome: Chrome;
let count = 0;

/** What has to come comes within this time. */
const SOON = { timeout: 60_000 };

beforeAll(async () => {
  [world, chrome] = await Promise.all([PageWorld.start(), Chrome.start()]);
});
afterEach(() => chrome.closeWindows());
afterAll(async () => {
  await chrome[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

const begin = (request: object = {}) => world.begin({ name: `live-${(count += 1)}`, tags: ["dev"], ...request });
const logOf = (page: Page) => page.locator("#log .t").allTextContents();
const numbersOf = (page: Page) => page.locator("#log .n").allTextContents();

/** What is read out, in its order. */
async function listen(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const heard: string[] = [];
    (window as unknown as { heard: string[] }).heard = heard;
    new MutationObserver(() => {
      const text = document.getElementById("said")!.textContent;
      if (text !== "") heard.push(text);
    }).observe(document.getElementById("said")!, { childList: true });
  });
  return () => page.evaluate(() => (window as unknown as { heard: string[] }).heard);
}

describe("a build that runs", () => {
  it("is followed to its end, which is said once; why it failed then stands there", async () => {
    const build = await begin();
    const page = await chrome.logIn(world);
    await page.goto(`/ui/builds/${build.buildId}`);
    const heard = await listen(page);
    build.say(1, "RUN make", "line one", "line two");
    await expect.poll(() => logOf(page), SOON).toEqual(expect.arrayContaining(["line one", "line two"]));
    await page
      .getByText("1 / ")
      .or(page.getByRole("cell", { name: "running" }))
      .first()
      .waitFor();
    const details = { phase: "build_step", reason: "r", suggestedAction: "Mend it.", stepIndex: 1 } as const;
    await build.fail(new BuildFailure("make went wrong", details));
    await page.getByRole("heading", { name: "Why it failed" }).waitFor();
    expect(await page.locator(".failure").textContent()).toContain("make went wrong");
    expect(await page.locator("#status").textContent()).toContain("failed");
    await expect.poll(heard, SOON).toEqual(["The build failed."]);
    expect(await page.locator("#said").getAttribute("aria-live")).toBe("polite");
    expect(await page.getByRole("button", { name: "Cancel the build" }).count()).toBe(0);
    // Nothing more is asked: neither the stream nor the page.
    const numbers = await numbersOf(page);
    expect(numbers).toEqual(numbers.map((_, index) => String(index)));
    expect(await heard()).toEqual(["The build failed."]);
  });

  it("goes on where it was cut, without a line lost or twice", async () => {
    const build = await begin();
    const page = await chrome.logIn(world);
    await page.goto(`/ui/builds/${build.buildId}`);
    for (let cut = 0; cut < 2; cut++) {
      build.say(1, `before cut ${cut}`);
      await expect.poll(() => logOf(page), SOON).toContain(`before cut ${cut}`);
      world.cutConnections();
      build.say(1, ...Array.from({ length: 700 }, (_, n) => `meanwhile ${cut}.${n}`));
    }
    await expect.poll(() => logOf(page), SOON).toContain("meanwhile 1.699");
    const numbers = await numbersOf(page);
    expect(numbers).toEqual(numbers.map((_, index) => String(index)));
    await build.finish();
  });

  it("is not lost by a restart of the service: who logs in again is where it goes on", async () => {
    const build = await begin();
    const page = await chrome.logIn(world);
    await page.goto(`/ui/builds/${build.buildId}`);
    build.say(1, "before the restart");
    await expect.poll(() => logOf(page), SOON).toContain("before the restart");
    const heard = await listen(page);
    await world.stopService();
    await world.startService();
    await page.getByText("You are not logged in any more.").first().waitFor();
    expect(await logOf(page)).toContain("before the restart");
    await expect.poll(heard, SOON).toEqual(["You are not logged in any more."]);
    // Coming back to the tab does not say it a second time, and nothing more is asked.
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await page.clock.install();
    await page.clock.runFor(120_000);
    expect(asked).toEqual([]);
    expect(await page.locator(".notice").count()).toBe(1);
    expect(await heard()).toEqual(["You are not logged in any more."]);
    await page.getByRole("link", { name: "Log in" }).click();
    await logIn(page, world.apiKey);
    expect(page.url()).toContain(build.buildId);
    const log = await logOf(page);
    expect(log.filter((text) => text === "before the restart")).toHaveLength(1);
    await build.begunAgain();
    build.say(1, "after the restart");
    await expect.poll(() => logOf(page), SOON).toContain("after the restart");
    const numbers = await numbersOf(page);
    expect(numbers).toEqual(numbers.map((_, index) => String(index)));
    await build.finish();
  });

  it("fills neither the page nor the memory, however much it says", async () => {
    const build = await begin();
    const page = await chrome.logIn(world);
    await page.goto(`/ui/builds/${build.buildId}`);
    const cdp = await page.context().newCDPSession(page);
    const used = async () => {
      await cdp.send("HeapProfiler.collectGarbage");
      const { nodes } = await cdp.send("Memory.getDOMCounters");
      return { bytes: (await cdp.send("Runtime.getHeapUsage")).usedSize, nodes };
    };
    const say = async (from: number, to: number) => {
      build.say(1, ...Array.from({ length: to - from }, (_, n) => `line ${from + n} ${"x".repeat(60)}`));
      await page.waitForFunction(
        (last) => document.getElementById("log")!.lastElementChild!.textContent.includes(last),
        `line ${to - 1} `,
      );
    };
    const lines = () => page.locator("#log li").count();
    await say(0, 10_000);
    // Asked before the first look too: Playwright puts a script of almost a megabyte into the page for it.
    expect(await lines()).toBe(2_000);
    const early = await used();
    for (let from = 10_000; from < 100_000; from += 30_000) await say(from, from + 30_000);
    expect(await lines()).toBe(2_000);
    // What left the page goes in a later collection where the browser still drew it in this one. What is
    // kept for good is 150,000 nodes by now, and goes in none.
    await expect.poll(async () => (await used()).nodes, SOON).toBeLessThan(early.nodes * 1.1);
    await expect.poll(async () => (await used()).bytes, SOON).toBeLessThan(early.bytes * 1.5);
    await build.finish();
  });
});

describe("a page that looks again by itself", () => {
  it("leaves the focus, what is open, what is scrolled and what was chosen where they were", async () => {
    const { buildId } = await begin({ name: "kept", tags: ["one"] }).then(
      async (build) => (await build.finish(), build),
    );
    await world.ready({ name: "kept", tags: ["two"] });
    await world.ready({ name: "kept", tags: ["three"] });
    const running = await begin();
    const page = await openStill(chrome, world, { viewport: { width: 320, height: 400 } });
    await logIn(page, world.apiKey);

    // A list that scrolls sideways, with the focus on a link of it.
    await page.goto("/ui/templates/local/kept");
    const scroller = page.locator("#template .table").last();
    await scroller.evaluate((element) => element.scrollTo(40, 0));
    const scrolled = await scroller.evaluate((element) => element.scrollLeft);
    expect(scrolled).toBeGreaterThan(0);
    await page.evaluate(() => scrollTo(0, 200));
    await page
      .getByRole("link", { name: "History of two" })
      .evaluate((link) => (link as HTMLElement).focus({ preventScroll: true }));
    await scroller.evaluate((element) => element.setAttribute("data-old", ""));
    const [top] = [await page.evaluate(() => scrollY)];
    world.service.builds.promote(buildId, ["prod"]);
    await look(page);
    await page.getByRole("link", { name: "History of prod" }).waitFor();
    expect(await page.locator("[data-old]").count()).toBe(0);
    expect(await page.evaluate(() => document.activeElement?.closest("#template") !== null)).toBe(true);
    expect(
      await page
        .locator("#template .table")
        .last()
        .evaluate((element) => element.scrollLeft),
    ).toBe(scrolled);
    expect(await page.evaluate(() => scrollY)).toBe(top);

    // What somebody typed stays, also when the focus has gone on.
    await page.goto("/ui/templates");
    await page.getByLabel("Part of a name").fill("half a wo");
    await begin();
    await look(page);
    expect(await page.getByLabel("Part of a name").inputValue()).toBe("half a wo");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("find");
    await running.finish();
  });

  it("keeps what is open and what was filled in inside of what is swapped", async () => {
    const build = await begin();
    const page = await openStill(chrome, world);
    await logIn(page, world.apiKey);
    // The page of a build as the service writes it, with more in it: each look brings another number.
    let loads = 0;
    await page.route(`**/ui/builds/${build.buildId}`, async (route) => {
      const answer = await route.fetch();
      loads += 1;
      const more = `<div id="more" data-live data-said="now ${loads}"><b>${loads}</b>
        <details id="known"><summary>known</summary>x</details><details><summary>nameless</summary>y</details>
        <label>A <input id="typed" type="text" value=""></label><label>B <input id="ticked" type="checkbox" value="b"></label>
        <label>C <select id="chosen"><option>1</option><option>2</option>${loads < 3 ? "<option>3</option>" : ""}</select></label>
        <button id="there" type="button">Focus</button></div></main>`;
      await route.fulfill({ response: answer, body: (await answer.text()).replace("</main>", more) });
    });
    await page.goto(`/ui/builds/${build.buildId}`);
    await page.locator("#known summary").click();
    await page.getByText("nameless").click();
    await page.getByRole("textbox", { name: "A" }).fill("typed");
    await page.getByRole("checkbox").check();
    await page.getByRole("combobox", { name: "C" }).selectOption("3");
    await page.getByRole("button", { name: "Focus" }).focus();
    await look(page);
    expect(await page.locator("#more b").textContent()).toBe("2");
    const state = () =>
      page.evaluate(() => {
        const of = (id: string) => document.getElementById(id) as HTMLInputElement;
        return {
          open: document.querySelectorAll("#more details[open]").length,
          typed: of("typed").value,
          ticked: of("ticked").checked,
          chosen: of("chosen").value,
          focus: document.activeElement?.id,
        };
      });
    const kept = { open: 2, typed: "typed", ticked: true, focus: "there" };
    expect(await state()).toEqual({ ...kept, chosen: "3" });
    await look(page);
    // What can be chosen no more is not chosen.
    expect(await state()).toEqual({ ...kept, chosen: "1" });
    // Whoever types is not disturbed.
    await page.getByRole("textbox", { name: "A" }).press("End");
    await page.keyboard.type("!");
    await look(page);
    expect(await page.locator("#more b").textContent()).toBe("3");
    expect(await state()).toEqual({ ...kept, chosen: "1", typed: "typed!", focus: "typed" });
    await build.finish();
  });

  it("asks nothing while nobody sees it, and at once when somebody does", async () => {
    const page = await openStill(chrome, world);
    await logIn(page, world.apiKey);
    await page.goto("/ui/");
    await look(page);
    const see = (state: string) =>
      page.evaluate((value) => {
        Object.defineProperty(document, "visibilityState", { configurable: true, get: () => value });
        document.dispatchEvent(new Event("visibilitychange"));
      }, state);
    await see("hidden");
    await page.clock.runFor(60_000);
    expect(await looksOf(page)).toEqual({ asked: 1, dealtWith: 1 });
    await see("visible");
    await dealtWith(page, 2);
  });

  it("asks less and less often while the service is away, and goes on when it is back", async () => {
    const page = await openStill(chrome, world);
    await logIn(page, world.apiKey);
    await page.goto("/ui/");
    await page.route("**/ui/", (route) => route.abort());
    // Each look that fails doubles the time until the next one, up to a minute.
    for (const [before, seconds] of [3, 6, 12, 24, 48, 60, 60].entries()) {
      await page.clock.runFor((seconds - 1) * 1_000);
      expect(await looksOf(page)).toEqual({ asked: before, dealtWith: before });
      await page.clock.runFor(1_000);
      await dealtWith(page, before + 1);
    }
    await page.unroute("**/ui/");
    await look(page, 60_000);
    await look(page);
  });

  it("says so when it was logged out elsewhere, and asks no more", async () => {
    const page = await openStill(chrome, world);
    await logIn(page, world.apiKey);
    await page.goto("/ui/");
    const other = await page.context().newPage();
    await other.goto("/ui/templates");
    await other.getByRole("button", { name: "Log out" }).click();
    await other.getByText("You are logged out.").waitFor();
    await look(page);
    await page.getByText("You are not logged in any more.").first().waitFor();
    await page.clock.runFor(300_000);
    expect(await looksOf(page)).toEqual({ asked: 1, dealtWith: 1 });
    // Nothing of the session comes back by going back.
    await other.goBack();
    await other.getByLabel("API key").waitFor();
  });

  it("says so when what it shows is gone", async () => {
    await world.ready({ name: "short-lived", tags: ["x"] });
    const page = await openStill(chrome, world);
    await logIn(page, world.apiKey);
    await page.goto("/ui/templates/local/short-lived");
    world.forget("local/short-lived");
    await look(page);
    await page.getByText("This is not there any more.").first().waitFor();
    await page.getByRole("link", { name: "Load again" }).click();
    await page.getByRole("heading", { name: "Not found" }).waitFor();
  });
});
