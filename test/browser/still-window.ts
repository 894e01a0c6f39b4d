import type { BrowserContextOptions, Page } from "playwright-core";
import { expect } from "vitest";
import type { Chrome, Site } from "./chrome.ts";

/** Milliseconds after which a page looks again by itself. */
export const LOOKS_AFTER_MS = 3_000;

/** What a page asked by itself, and how much of that it has dealt with. */
export interface Looks {
  asked: number;
  dealtWith: number;
}

/**
 * A window in which time stands still until a test lets it go by: nothing that a page does by itself comes in between,
 * however slow the machine is. Nobody has logged in there.
 */
export async function openStill(chrome: Chrome, site: Site, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await chrome.open(site, options);
  await page.context().addInitScript(noteLooks);
  // A clock runs from its installation on, and can be stopped only at a moment that is still to come.
  const nowMs = Date.now();
  await page.clock.install({ time: nowMs });
  await page.clock.pauseAt(nowMs + 24 * 3600_000);
  return page;
}

/** Counts in the page what it asks by itself. An answer is dealt with in the same turn in which it is counted. */
function noteLooks(): void {
  const looks: Looks = { asked: 0, dealtWith: 0 };
  Object.assign(window, { looks });
  const ask = window.fetch;
  const done = () => void (looks.dealtWith += 1);
  window.fetch = async (target, options) => {
    if (new Headers(options?.headers).get("x-page-poll") === null) return ask(target, options);
    looks.asked += 1;
    const answer = await ask(target, options).catch((error: unknown) => {
      done();
      throw error;
    });
    if (!answer.ok) done();
    const read = answer.text.bind(answer);
    answer.text = () => read().finally(done);
    return answer;
  };
}

/** What the page of a window has asked by itself since it was loaded. */
export function looksOf(page: Page): Promise<Looks> {
  return page.evaluate(() => ({ ...(window as unknown as { looks: Looks }).looks }));
}

/** Waits until a page has dealt with so many answers. */
export async function dealtWith(page: Page, looks: number): Promise<void> {
  await expect.poll(async () => (await looksOf(page)).dealtWith, { timeout: 30_000 }).toBe(looks);
}

/** Lets a page look again, waits until it has dealt with the answer, and lets it say what it has to say. */
export async function look(page: Page, afterMs = LOOKS_AFTER_MS): Promise<void> {
  const before = await looksOf(page);
  await page.clock.runFor(afterMs);
  await dealtWith(page, before.dealtWith + 1);
  await page.clock.runFor(100);
}
