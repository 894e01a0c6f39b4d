import { afterAll, afterEach, beforeEach, beforeAll, expect, it, vi } from "vitest";
import { Chrome, logIn } from "./chrome.ts";
import { PageWorld } from "./page-world.ts";
import { look, looksOf, openStill } from "./still-window.ts";

const MINUTE_MS = 60_000;

let world: PageWorld;
let chrome: Chrome;

beforeAll(async () => void (chrome = await Chrome.start()));
beforeEach(async () => void (world = await PageWorld.start({ idleMs: 5 * MINUTE_MS })));
afterEach(async () => {
  vi.useRealTimers();
  await chrome.closeWindows();
  await world[Symbol.asyncDispose]();
});
afterAll(() => chrome[Symbol.asyncDispose]());

/** Only what time it is for the service is made up; timers and sockets are real. */
function pass(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
}

it("a page that nobody touches says that it is logged out, though it has looked again all the time", async () => {
  const page = await openStill(chrome, world);
  await logIn(page, world.apiKey);
  for (let minute = 0; minute < 4; minute++) {
    pass(MINUTE_MS);
    await look(page);
  }
  expect(await page.getByText("You are not logged in any more.").count()).toBe(0);
  pass(2 * MINUTE_MS);
  await look(page);
  await page.getByText("You are not logged in any more.").first().waitFor();
  await page.clock.runFor(5 * MINUTE_MS);
  expect((await looksOf(page)).asked).toBe(5);
  await page.getByRole("link", { name: "Log in" }).click();
  await page.getByLabel("API key").waitFor();
});

it("without the script, the next click leads to the log-in, and from there to where it should have", async () => {
  const page = await chrome.logIn(world, { javaScriptEnabled: false });
  pass(6 * MINUTE_MS);
  await page.getByRole("link", { name: "Keys" }).click();
  await page.getByLabel("API key").fill(world.apiKey);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Keys", exact: true }).waitFor();
});

it("a form that was open meanwhile does nothing, and says why", async () => {
  const running = await world.begin({ name: "idle" });
  const page = await chrome.logIn(world, { javaScriptEnabled: false });
  await page.goto(`/ui/builds/${running.buildId}`);
  pass(6 * MINUTE_MS);
  await page.getByRole("button", { name: "Cancel the build" }).click();
  await page.getByText("You are not logged in any more.").waitFor();
  expect(await page.getByRole("link", { name: "Log in" }).count()).toBe(1);
  const { status } = world.db.get<{ status: string }>("SELECT status FROM builds WHERE build_id = ?", [
    running.buildId,
  ])!;
  expect(status).toBe("building");
  await running.finish();
});
