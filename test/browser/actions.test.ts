import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Chrome } from "./chrome.ts";
import { focusedOf, pointing, typing } from "./hand.ts";
import { PageWorld } from "./page-world.ts";

let world: PageWorld;
let chrome: Chrome;

beforeAll(async () => {
  [world, chrome] = await Promise.all([PageWorld.start(), Chrome.start()]);
});
afterEach(() => chrome.closeWindows());
afterAll(async () => {
  await chrome[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

describe.each([
  { how: "by keyboard alone", script: true, hand: typing },
  { how: "by keyboard alone, without the script", script: false, hand: typing },
  { how: "with a pointer, without the script", script: false, hand: pointing },
])("all that can be done is done $how", ({ script, hand }) => {
  it("log in, search, open a build, find in its log, promote, roll back, cancel, log out", async () => {
    const name = `acts-${hand.name}-${script}`;
    const first = await world.ready({ name, tags: ["prod", "dev"] }, "a needle in it");
    const second = await world.ready({ name, tags: ["dev"] }, "a needle in it", "hay");
    const running = await world.begin({ name, tags: ["dev"] });
    const page = await chrome.open(world, { viewport: { width: 1000, height: 700 }, javaScriptEnabled: script });
    const { write, press, choose } = hand(page);
    const heading = () => page.locator("h1").textContent();
    const named = async () => (await page.locator(".two a").allTextContents()).map((text) => text.slice(-8));

    await page.goto("/ui/templates");
    await write("API key", "not a key");
    await press("Log in");
    expect(await page.getByRole("alert").textContent()).toBe("That is not a key of this service.");
    await write("API key", world.apiKey);
    await press("Log in");
    expect(await heading()).toBe("Templates");

    await write("Part of a name", name);
    await press("Search");
    await press(`local/${name}`);
    expect(await heading()).toBe(`local/${name}`);
    await press(`tb_…${second.slice(-8)}`);
    await write("Find in the log", "needle");
    await press("Find");
    expect(await page.locator("mark").allTextContents()).toEqual(["needle"]);
    await press(`tb_…${second.slice(-8)}`);

    await choose("Tag to move here", "prod");
    await press("Move the tag here…");
    expect(await heading()).toBe(`Promote local/${name}:prod`);
    expect(await named()).toEqual([first.slice(-8), second.slice(-8)]);
    await press("Leave it as it is");
    await page.goBack();
    await press("Promote");
    expect(await page.locator(".notice.done").textContent()).toBe(`The tag prod points at ${second} now.`);
    // Loading again and going back do nothing a second time.
    await page.reload();
    expect(await page.locator(".notice").count()).toBe(0);
    await press("Move back here…");
    expect(await named()).toEqual([second.slice(-8), first.slice(-8)]);
    await press("Roll back");
    expect(await page.locator(".notice.done").textContent()).toBe(`The tag prod points at ${first} now.`);
    await page.goBack();
    // What was done cannot be done again from there.
    expect(await page.locator(".notice.refused").textContent()).toContain("It cannot be moved there");
    expect(await page.getByRole("button", { name: "Roll back" }).count()).toBe(0);

    await page.goto(`/ui/builds/${running.buildId}`);
    await press("Cancel the build");
    expect(await page.locator(".notice.done").textContent()).toBe("The build is cancelled.");
    await press("Log out");
    expect(await page.getByRole("status").first().textContent()).toBe("You are logged out.");
    await page.goto("/ui/");
    expect(await heading()).toBe("Log in");
  });
});

it("the first step with the keyboard leads past the navigation", async () => {
  const page = await chrome.logIn(world);
  for (const path of ["/ui/", "/ui/templates"]) {
    await page.goto(path);
    await page.keyboard.press("Tab");
    expect(await focusedOf(page)).toMatchObject({ name: "Skip to the content", isSeen: true });
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.closest("main") !== null)).toBe(true);
  }
});

it("the focus goes through a page in the order in which it is read", async () => {
  await world.ready({ name: "ordered", tags: ["prod"] });
  const page = await chrome.logIn(world);
  for (const path of ["/ui/", "/ui/templates", "/ui/templates/local/ordered"]) {
    await page.goto(path);
    const places: number[] = [];
    for (let step = 0; step < 40; step++) {
      await page.keyboard.press("Tab");
      const place = await page.evaluate(() => {
        const at = document.activeElement;
        if (at === null || at === document.body || at.closest(".skip, header") !== null) return undefined;
        return [...document.querySelectorAll("*")].indexOf(at);
      });
      if (place !== undefined) places.push(place);
    }
    expect(places.length).toBeGreaterThan(3);
    // Behind the last one it begins again.
    const round = places.slice(0, places.indexOf(Math.max(...places)) + 1);
    expect(round).toEqual(round.toSorted((a, b) => a - b));
    // No element jumps ahead of others, or out of the order, by its tabindex.
    expect(
      await page.evaluate(() => document.querySelectorAll("[tabindex]:not([tabindex='0'], [tabindex='-1'])").length),
    ).toBe(0);
  }
});
