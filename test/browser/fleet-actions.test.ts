import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Browser } from "../contract/page/browser.ts";
import { Chrome } from "./chrome.ts";
import { typing } from "./hand.ts";
import { PageWorld, until } from "./page-world.ts";
import { HIDDEN, seedFleet, type SeededFleet } from "./seed-fleet.ts";

let chrome: Chrome;
beforeAll(async () => void (chrome = await Chrome.start()));
afterEach(() => chrome.closeWindows());
afterAll(() => chrome[Symbol.asyncDispose]());

const shown = (id: string) => `${id.split("_")[0]}_…${id.slice(-8)}`;
const noticeOf = (page: Page) => page.locator(".notice.done").textContent();
const textOf = async (page: Page) => (await page.locator("main").innerText()).replaceAll(/\s+/g, " ");
const headingOf = (page: Page) => page.locator("h1").textContent();

describe.each([
  { how: "with the script", script: true },
  { how: "without the script", script: false },
])("by keyboard alone, $how", ({ script }) => {
  let world: PageWorld;
  let fleet: SeededFleet;
  beforeAll(async () => {
    world = await PageWorld.start();
    fleet = await seedFleet(world);
  });
  afterAll(async () => {
    fleet.release();
    await world[Symbol.asyncDispose]();
  });

  /** The hand of somebody who has logged in with a key. */
  async function logIn(key: string = HIDDEN.key) {
    const page = await chrome.open(world, { viewport: { width: 1000, height: 700 }, javaScriptEnabled: script });
    const hand = typing(page);
    await page.goto("/ui/");
    await hand.write("API key", key);
    await hand.press("Log in");
    return hand;
  }

  it("a pool is resized, disabled, enabled and drained, once what is lost was said", async () => {
    const { full } = fleet.pools;
    const { page, press, write, unfold } = await logIn();
    await press("Pools");
    await press("shop-full");

    await press("Drain…");
    expect(await headingOf(page)).toBe("Drain shop-full");
    expect(await textOf(page)).toContain("2 ready members are removed. 1 machine that was handed out lives on.");
    await press("Leave it as it is");
    expect(world.service.fleet.pools.get(full)).toMatchObject({ state: "enabled", min_ready: 2, max_ready: 4 });

    await unfold("Resize");
    await write("Ready at least", "1");
    await write("At most", "1");
    await press("Resize…");
    expect(await textOf(page)).toContain("At least 1 are kept ready, at most 1. Until now: 2 and 4.");
    expect(await textOf(page)).toContain("1 ready member is removed.");
    await press("Resize");
    expect(await noticeOf(page)).toBe("The pool has its new size.");
    expect(world.service.fleet.pools.get(full)).toMatchObject({ min_ready: 1, max_ready: 1 });

    await press("Disable…");
    expect(await textOf(page)).toContain("Who asks for one of its machines gets another");
    await press("Disable");
    expect(await noticeOf(page)).toBe("The pool is disabled.");
    await press("Enable");
    expect(await noticeOf(page)).toBe("The pool is enabled, and fills.");
    // Loading again and going back do nothing a second time.
    await page.reload();
    await page.goBack();
    await press("Pools");
    await press("shop-full");
    await press("Drain…");
    await press("Drain");
    expect(await noticeOf(page)).toBe("The pool is being drained.");
    expect(world.recorded(full)).toEqual([
      "ann: pool_created",
      "ann: pool_updated",
      "ann: pool_disabled",
      "ann: pool_enabled",
      "ann: pool_drained",
    ]);
  });

  it("a machine is paused, resumed and ended, and what runs in it is said before", async () => {
    const { running } = fleet.machines;
    const { page, press } = await logIn();
    await press("Machines");
    await press(shown(running));
    expect(await textOf(page)).toContain("worker --token [secret] --queue mail");
    await press("Pause…");
    expect(await textOf(page)).toContain("A command is running in it. Its caller waits until the machine goes on");
    await press("Pause");
    expect(await noticeOf(page)).toBe("The machine is paused.");
    expect(world.service.fleet.machines.get(running).status).toBe("paused");
    await press("Resume…");
    await press("Resume");
    expect(await noticeOf(page)).toBe("The machine goes on.");
    await press("End…");
    expect(await headingOf(page)).toBe(`End ${shown(running)}`);
    expect(await textOf(page)).toContain("A command is running in it, and will fail.");
    await press("Leave it as it is");
    await press("End…");
    await press("End");
    expect(await noticeOf(page)).toBe("The machine has ended.");
    expect(world.recorded(running)).toEqual([
      "ann: machine_created",
      "ann: machine_paused",
      "ann: machine_resumed",
      "ann: machine_ended",
    ]);
    expect(await page.getByRole("link", { name: "End…" }).count()).toBe(0);
  });

  it("the disk is swept", async () => {
    const { page, press } = await logIn();
    await press("Disk");
    expect(await textOf(page)).toContain(`${fleet.spare} 412 MiB nothing; goes with the next sweep`);
    await press("Sweep now");
    expect(await noticeOf(page)).toBe("The sweep has begun. What it takes away is in the audit trail.");
    await until("an image is reclaimed", () => world.recorded(fleet.spare).includes("service: artifact_reclaimed"));
    await page.reload();
    expect(await textOf(page)).not.toContain(fleet.spare);
    expect(world.recorded("disk")).toEqual(["ann: sweep_asked"]);
    await press("Audit");
    expect(await textOf(page)).toContain("sweep asked for");
  });

  it("the trail of changes is narrowed", async () => {
    const { page, press, choose, write } = await logIn();
    await press("Audit");
    await choose("What", "key revoked");
    await write("By the key", "ann");
    await press("Filter");
    const rows = page.locator("tbody tr");
    expect(await rows.allTextContents()).toEqual([expect.stringMatching(/ann[^]*key revoked[^]*old-laptop/)]);
    await press("Show all");
    expect(await rows.count()).toBeGreaterThan(10);
  });

  it("a key is made, shown once and revoked; who revokes the own one is logged out", async () => {
    const { page, press, write } = await logIn();
    const works = async (key: string) => (await new Browser(world.url).logIn(key)).status === 303;
    await press("Keys");
    await write("Name of a new key", "robot");
    await press("Make a key");
    expect(await headingOf(page)).toBe("The key robot");
    const key = await page.getByLabel("API key").inputValue();
    expect(await works(key)).toBe(true);
    await press("I have copied it");
    expect(await page.content()).not.toContain(key);
    // Going back to it shows nothing, and makes no other one.
    await page.goBack();
    expect(await page.content()).not.toContain(key);
    expect(world.keys.live().map(({ name }) => name)).toEqual(["ann", "ci", "robot"]);

    await page.goto("/ui/keys");
    await press("Revoke… robot");
    expect(await textOf(page)).toContain("The key stops working at once");
    await press("Revoke");
    expect(await noticeOf(page)).toBe("The key robot is no longer valid.");
    expect(await works(key)).toBe(false);
    await press("Revoke… ann");
    expect(await textOf(page)).toContain("You are logged in with it, so you will be logged out.");
    await press("Revoke");
    expect(await textOf(page)).toContain("Your key is revoked");
    await page.goto("/ui/keys");
    expect(await headingOf(page)).toBe("Log in");
  });
});
