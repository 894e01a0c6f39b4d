import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { findingsOf } from "./axe.ts";
import { Browser } from "../contract/page/browser.ts";
import { Chrome, type Site } from "./chrome.ts";
import { pagesOf } from "./crawl.ts";
import { LOOKS, misfitsOf, spaceText } from "./looks.ts";
import { PageWorld } from "./page-world.ts";
import { seed } from "./seed.ts";
import { HIDDEN, seedFleet, type SeededFleet } from "./seed-fleet.ts";

let world: PageWorld;
let chrome: Chrome;
let site: Site;
let pages: string[];
let fleet: SeededFleet;

beforeAll(async () => {
  [world, chrome] = await Promise.all([PageWorld.start(), Chrome.start()]);
  const { failed, cancelled, running, ready } = await seed(world, { templates: 60, lines: 3_000 });
  fleet = await seedFleet(world);
  site = { url: world.url, apiKey: HIDDEN.key };
  const builds = [failed, cancelled, running.buildId, ready[2]].map((buildId) => `/ui/builds/${buildId}`);
  pages = await pagesOf(
    site,
    ...builds,
    "/ui/templates/local/web/tags/prod",
    "/ui/templates?find=nobody",
    `${builds[0]}/log?find=error`,
    ...pagesOfFleet(fleet),
  );
});
afterEach(() => chrome.closeWindows());
afterAll(async () => {
  fleet.release();
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
      /\/pools$/,
      /\/pools\/twp_\w+$/,
      /\/pools\/.*to=drain/,
      /\/machines$/,
      /\/machines\/mch_\w+$/,
      /\/machines\/.*to=end/,
      /\/disk$/,
      /\/keys$/,
      /\/revoke$/,
      /\/audit$/,
    ]) {
      expect(pages.filter((path) => kind.test(path))).not.toEqual([]);
    }
  });

  it.each(LOOKS)("fits its window, and has no finding of axe: $name", async ({ options, isSpaced, axe }) => {
    const page = await chrome.logIn(site, options);
    const found: [path: string, what: string[]][] = [];
    const lookAt = async (path: string) => {
      if (isSpaced) await spaceText(page);
      const what = [...(await misfitsOf(page)), ...(axe === undefined ? [] : await findingsOf(page, axe))];
      if (what.length > 0) found.push([path, what]);
    };
    for (const path of pages) {
      await page.goto(path);
      await lookAt(path);
    }
    // The answer to a form is a page, too, where it must be seen once.
    await page.goto("/ui/keys");
    await page.getByLabel("Name of a new key").fill(`seen-${LOOKS.findIndex((each) => each.options === options)}`);
    await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "Make a key" }).click()]);
    expect(await page.getByLabel("API key").inputValue()).toMatch(/^ns_local_/);
    await lookAt("a new key");
    await page.context().clearCookies();
    for (const path of ["/ui/log-in", "/ui/log-in?out=1"]) {
      await page.goto(path);
      await lookAt(path);
    }
    expect(found).toEqual([]);
  });

  it("has nothing on it that its callers keep to themselves", async () => {
    const browser = new Browser(world.url);
    await browser.logIn(HIDDEN.key);
    const told: [path: string, what: string][] = [];
    const shown = new Set<string>();
    for (const path of pages) {
      const { text } = await browser.get(path);
      for (const [what, value] of Object.entries(HIDDEN)) if (text.includes(value)) told.push([path, what]);
      for (const name of ["API_TOKEN", "GREETING", "order", "[secret]"]) if (text.includes(name)) shown.add(name);
    }
    expect(told).toEqual([]);
    // And what has them was shown.
    expect([...shown].sort()).toEqual(["API_TOKEN", "GREETING", "[secret]", "order"]);
  });

  it("has the token of its session in every form that changes something, which does nothing without it", async () => {
    const page = await chrome.logIn(site);
    const count = () => world.db.get<{ n: number }>("SELECT count(*) AS n FROM audit_events")!.n;
    const before = count();
    const actions = new Set<string>();
    for (const path of pages) {
      await page.goto(path);
      const answers = await page.evaluate(async () => {
        const forms = [...document.forms].filter(({ method }) => method === "post");
        const send = async (form: HTMLFormElement, token: string | undefined) => {
          const fields = [...new FormData(form)].filter(([name]) => name !== "token");
          const body = new URLSearchParams(fields as [string, string][]);
          if (token !== undefined) body.set("token", token);
          return (await fetch(form.action, { method: "POST", body, redirect: "manual" })).status;
        };
        return Promise.all(
          forms.map(async (form) => {
            const token = form.querySelector<HTMLInputElement>("input[name=token]")?.value ?? "";
            const hasOne = token.length >= 40;
            const wrong = [undefined, "", "x".repeat(43), `${token}x`];
            const statuses = await Promise.all(wrong.map((given) => send(form, given)));
            return { action: new URL(form.action).pathname, hasOne, statuses };
          }),
        );
      });
      for (const { action, hasOne, statuses } of answers) {
        expect([path, action, hasOne, statuses]).toEqual([path, action, true, [403, 403, 403, 403]]);
        actions.add(action.replace(/\/[a-z]+_\w+/, "/ID").replace(/local\/\w+/, "local/NAME"));
      }
    }
    expect(count()).toBe(before);
    expect([...actions].sort()).toEqual([
      "/ui/builds/ID/cancel",
      "/ui/disk/sweep",
      "/ui/keys",
      "/ui/keys/ID/revoke",
      "/ui/log-out",
      "/ui/machines/ID/change",
      "/ui/pools/ID/change",
      "/ui/templates/local/NAME/move",
    ]);
  });
});

/** Pages of pools, machines and keys in all their states, and the questions before what can be done there. */
function pagesOfFleet({ pools, machines, keys, shop: [from, to] }: SeededFleet): string[] {
  const pool = (id: string, change?: string) => `/ui/pools/${id}${change === undefined ? "" : `/change?${change}`}`;
  const machine = (id: string, to?: string) => `/ui/machines/${id}${to === undefined ? "" : `/change?to=${to}`}`;
  return [
    ...Object.values(pools).map((id) => pool(id)),
    `${pool(pools.full)}?hours=24`,
    ...["to=disable", "to=drain", "to=enable", "to=resize&floor=1&most=1"].map((change) => pool(pools.full, change)),
    ...Object.values(machines).map((id) => machine(id)),
    machine(machines.running, "pause"),
    machine(machines.running, "end"),
    machine(machines.paused, "resume"),
    machine(machines.ended, "end"),
    "/ui/machines?state=error",
    ...Object.values(keys).map((id) => `/ui/keys/${id}/revoke`),
    "/ui/audit?key=ann",
    `/ui/audit?subject=${pools.full}`,
    `/ui/builds/${to}/compare?with=${from}`,
    `/ui/templates/local/shop/move?tag=next&to=${from}`,
  ];
}
