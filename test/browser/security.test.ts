import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { BuildFailure } from "../../service/builds/build-failure.ts";
import { Chrome } from "./chrome.ts";
import { pagesOf } from "./crawl.ts";
import { PageWorld } from "./page-world.ts";

/** Markup and control codes, as somebody puts them wherever a text of theirs goes. */
const EVIL = `<img src=x onerror="window.owned=1"><script>window.owned=1</script></ol></main>"'\`\u001b[31mred\u001b[0m`;
/** As a browser shows it. */
const SHOWN = `<img src=x onerror="window.owned=1"><script>window.owned=1</script></ol></main>"'\``;

let world: PageWorld;
let chrome: Chrome;
let other: Server;
let evilOrigin: string;

beforeAll(async () => {
  [world, chrome] = await Promise.all([PageWorld.start(), Chrome.start()]);
  other = createServer((request, response) => {
    response.setHeader("content-type", "text/html").end(evilPage(new URL(request.url ?? "/", "http://x").searchParams));
  });
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  // Another site, and not merely another port of the same one.
  evilOrigin = `http://localhost:${(other.address() as AddressInfo).port}`;
});
afterEach(() => chrome.closeWindows());
afterAll(async () => {
  await chrome[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
  other.close();
});

/** A page of another site: a form that sends itself, or a frame. */
function evilPage(query: URLSearchParams): string {
  const action = query.get("action") ?? "";
  if (query.has("frame")) return `<iframe src="${action}"></iframe>`;
  const fields = [...query].filter(([name]) => name !== "action");
  return `<form method="post" action="${action}">${fields.map(([name, value]) => `<input name="${name}" value="${value}">`).join("")}
    </form><script>document.forms[0].submit()</script>`;
}

describe("what callers write", () => {
  it("stays text on every page", async () => {
    const file = { path: `${EVIL.replaceAll("/", "|")}.txt`, entry_type: "file", content_base64: "YQ==" };
    const request = {
      name: "evil",
      tags: ["dev"],
      dockerfile: `FROM busybox:1\nARG A\n# ${EVIL}\nRUN echo '${EVIL}'\n`,
      build_args: { A: EVIL },
      runtime_config: { default_envs: { B: EVIL } },
    };
    const first = await world.ready({ ...request, dockerfile: "FROM busybox:1\n", build_args: {} }, EVIL);
    const second = await world.ready({ ...request, build_context: { files: [file] } }, `RUN ${EVIL}`, EVIL);
    const failing = await world.begin({ ...request, build_context: { files: [file] } });
    failing.say(1, `RUN ${EVIL}`, `${EVIL}\nand a second line`);
    await failing.fail(
      new BuildFailure(EVIL, {
        phase: "build_step",
        reason: "command_failed",
        suggestedAction: EVIL,
        stepIndex: 1,
        details: { dockerfile_line: 4, log_tail: [EVIL] },
      }),
    );
    const cancelled = await world.begin(request);
    world.service.builds.cancel(cancelled.buildId, EVIL);
    await world.service.builds.waitUntilFinal(cancelled.buildId, AbortSignal.timeout(10_000));
    const running = await world.begin(request);
    const builds = [first, second, failing.buildId, cancelled.buildId].map((buildId) => `/ui/builds/${buildId}`);
    const evil = encodeURIComponent(EVIL);
    const pages = await pagesOf(
      world,
      ...builds,
      `/ui/builds/${running.buildId}`,
      `/ui/builds/${second}/compare?with=${first}`,
      `/ui/builds/${second}/log?find=${encodeURIComponent("<img")}`,
      `/ui/templates?find=${evil}`,
    );
    pages.push(
      `/ui/templates/local/${evil}`,
      `/ui/templates/local/evil/tags/${evil}`,
      `/ui/builds/${evil}`,
      `/ui/log-in?next=${evil}`,
    );
    const page = await chrome.logIn(world);
    const shown = new Map<string, number>();
    for (const path of pages) {
      await page.goto(path);
      const { owned, images, scripts, text } = await page.evaluate(() => ({
        owned: "owned" in window,
        images: document.images.length,
        scripts: [...document.scripts].filter(({ src }) => src === "").length,
        text: document.body.textContent,
      }));
      expect([path, owned, images, scripts]).toEqual([path, false, 0, 0]);
      shown.set(path, text.split(SHOWN.slice(0, 40)).length - 1);
    }
    // And it was there: message, step, log, tail, Dockerfile, argument, reason, file.
    for (const path of [...builds, `/ui/builds/${second}/compare?with=${first}`, `/ui/templates?find=${evil}`, "/ui/"])
      expect([path, shown.get(path)]).not.toEqual([path, 0]);

    // And what comes live.
    await page.goto(`/ui/builds/${running.buildId}`);
    running.say(1, EVIL);
    await page.locator("#log .t", { hasText: "<img" }).first().waitFor();
    expect(await page.locator("#log .t").last().textContent()).toContain(SHOWN);
    expect(await page.evaluate(() => ["owned" in window, document.images.length])).toEqual([false, 0]);
    await running.finish();
  });

  it("is shown without the control codes of a terminal", async () => {
    const buildId = await world.ready(
      { name: "coloured" },
      "\u001b[1;31merror\u001b[0m: \u001b]8;;http://x\u0007link\u001b]8;;\u0007 \u001b[2K50 %",
    );
    const page = await chrome.logIn(world);
    await page.goto(`/ui/builds/${buildId}`);
    expect(await page.locator("#log .t").allTextContents()).toContain("error: link 50 %");
  });
});

describe("a page of another site", () => {
  it("gets nothing done by a form", async () => {
    const [first, second] = [
      await world.ready({ name: "guarded", tags: ["prod"] }),
      await world.ready({ name: "guarded", tags: ["dev"] }),
    ];
    const page = await chrome.logIn(world);
    const running = await world.begin({ name: "guarded" });
    const target = `${world.url}/ui/templates/local/guarded/move`;
    // Even one that knows the token of the session, which no page of another site can read.
    await page.goto(`/ui/builds/${running.buildId}`);
    const token = await page.locator("input[name=token]").first().inputValue();
    const attacks: Record<string, string>[] = [
      { action: target, token, tag: "prod", to: second, expected: first },
      { action: `${world.url}/ui/builds/${running.buildId}/cancel`, token },
      { action: `${world.url}/ui/log-out`, token },
      { action: `${world.url}/ui/log-in`, key: world.apiKey },
    ];
    for (const attack of attacks) {
      const answered = page.waitForResponse((response) => response.request().method() === "POST");
      await page.goto(`${evilOrigin}/?${new URLSearchParams(attack)}`);
      expect([attack.action, (await answered).status()]).toEqual([attack.action, 403]);
    }
    chrome.takeComplaints();
    await page.goto(`${world.url}/ui/builds/${running.buildId}`);
    expect(await page.locator("#status").textContent()).toContain("building");
    await page.goto(`${world.url}/ui/templates/local/guarded/tags/prod`);
    expect(await page.locator(".head").textContent()).toContain(first.slice(-8));
    await running.finish();
  });

  it("cannot frame a page", async () => {
    const page = await chrome.logIn(world);
    await page.goto(`${evilOrigin}/?frame=1&action=${encodeURIComponent(`${world.url}/ui/`)}`);
    // The page that frames it may be there before it is refused.
    await expect.poll(() => page.frames()[1]?.url()).toMatch(/^chrome-error:/);
    expect(await page.frames()[1]?.getByText("Overview").count()).toBe(0);
    expect(chrome.takeComplaints().filter((text) => text.includes("frame-ancestors"))).toHaveLength(1);
  });
});

describe("the session", () => {
  it("is a cookie that no script can read, for pages alone", async () => {
    const page = await chrome.logIn(world);
    expect(await page.evaluate(() => document.cookie)).toBe("");
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/ui" });
    expect(await page.evaluate(() => [localStorage.length, sessionStorage.length])).toEqual([0, 0]);
    const sent = page.waitForRequest("**/v1/templates");
    await page.evaluate(() => fetch("/v1/templates").catch(() => undefined));
    expect((await (await sent).allHeaders()).cookie).toBeUndefined();
  });
});
