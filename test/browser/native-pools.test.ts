import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EngineUnavailableError } from "../../service/errors.ts";
import { Chrome, type Site } from "./chrome.ts";
import { PageWorld, until } from "./page-world.ts";
import { HIDDEN, seedFleet, type SeededFleet } from "./seed-fleet.ts";

let world: PageWorld;
let chrome: Chrome;
let site: Site;
let fleet: SeededFleet;

beforeAll(async () => {
  [world, chrome] = await Promise.all([PageWorld.start(), Chrome.start()]);
  fleet = await seedFleet(world);
  site = { url: world.url, apiKey: HIDDEN.key };
});
afterAll(async () => {
  fleet?.release();
  await chrome?.[Symbol.asyncDispose]();
  await world?.[Symbol.asyncDispose]();
});

describe("the page of a pool that is kept for other programs, too", () => {
  it("says what is ready, what to claim from, how far a roll-out is, and what is wrong and to do, in 320 pixels", async () => {
    const page = await chrome.logIn(site, { viewport: { width: 320, height: 640 } });
    await page.goto(`/ui/pools/${fleet.pools.native}`);
    const section = page.getByRole("region", { name: "For other programs" });
    const facts = await section.locator("dl").innerText();
    expect(facts).toMatch(/Ready\s+4 of 4/);
    expect(facts).toMatch(/To claim from\s+\S+-g1/);
    expect(facts).toMatch(/Namespace\s+machines/);
    const rows = await section.getByRole("row").allInnerTexts();
    expect(rows.map((row) => row.replaceAll(/\s+/g, " "))).toEqual([
      expect.stringMatching(/SandboxWarmPool State Ready/),
      expect.stringMatching(/-g2 filling 0 of 1/),
      expect.stringMatching(/-g1 claimed from 4 of 4/),
    ]);
    const problem = section.getByRole("region", { name: "Why it has not what it should" });
    await problem.getByText("Its machines do not become ready").waitFor();
    const text = await problem.innerText();
    expect(text).toContain("the shop refuses the password");
    expect(text).not.toContain(HIDDEN.templateSecret);
    expect(text).toMatch(/What to do\s+Read what the last one said/);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  });

  it("says so when the cluster does not answer, and shows no number of before", async () => {
    const error = new EngineUnavailableError("The API server <i>away</i> did not answer", {
      suggestedAction: "See that it is up.",
    });
    world.nativePools.tell(error);
    await until(
      "it is told",
      () => world.service.fleet.nativeStatus(fleet.pools.native)?.failure?.reason === "unavailable",
    );
    const page = await chrome.logIn(site);
    await page.goto(`/ui/pools/${fleet.pools.native}`);
    const section = page.getByRole("region", { name: "For other programs" });
    expect(await section.locator("dl").innerText()).toMatch(/Ready\s+not known of 4/);
    const text = await section.getByRole("region", { name: "Why it has not what it should" }).innerText();
    expect(text).toContain("<i>away</i>");
    expect(text).toMatch(/What to do\s+See that it is up\./);
    world.nativePools.tell(undefined);
  });

  it("has no such part for a pool that is not", async () => {
    const page = await chrome.logIn(site);
    await page.goto(`/ui/pools/${fleet.pools.full}`);
    expect(await page.getByRole("region", { name: "For other programs" }).count()).toBe(0);
  });
});
