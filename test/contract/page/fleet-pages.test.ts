import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PoolSampler, SAMPLE_EVERY_MS } from "../../../service/fleet/pools/pool-sampler.ts";
import { pino } from "pino";
import { attributeOf, Browser, elementsOf, hiddenFields } from "./browser.ts";
import { FleetWorld } from "./fleet-world.ts";

const soon = { timeout: 10_000, interval: 5 };
let world: FleetWorld;
let browser: Browser;
let token: string;

beforeEach(async () => {
  world = await FleetWorld.start();
  ({ browser, token } = await world.visitor("ann"));
});
afterEach(() => world[Symbol.asyncDispose]());

async function pool(settings: object = {}): Promise<string> {
  world.fleet.seed("web");
  const { id } = await world.fleet.createPool({ name: "web-pool", template_ref: "web", min_ready: 2, ...settings });
  const ready = () => world.fleet.guests.ofPool(id).filter(({ state }) => state === "ready").length;
  await expect.poll(ready, soon).toBe(2);
  return id;
}

/** Asks for a confirmation, and gives it. */
async function confirm(path: string, action: string) {
  const asked = await browser.get(path);
  expect([path, asked.status]).toEqual([path, 200]);
  return { asked: asked.text, answer: await browser.post(action, hiddenFields(asked.text, action)) };
}

describe("a pool", () => {
  it("is drained, enabled and resized from its page, in the name of the key, once what is lost was said", async () => {
    const id = await pool();
    const change = `/ui/pools/${id}/change`;
    const resized = await confirm(`${change}?to=resize&floor=1&most=1`, change);
    expect(resized.asked).toContain("1 ready member is removed.");
    expect([resized.answer.status, resized.answer.location]).toEqual([303, `/ui/pools/${id}`]);
    expect(world.fleet.fleet.pools.get(id)).toMatchObject({ min_ready: 1, max_ready: 1 });
    const drained = await confirm(`${change}?to=drain`, change);
    expect(drained.asked).toContain("removed.");
    expect((await browser.get(drained.answer.location!)).text).toContain("The pool is being drained.");
    await expect.poll(() => world.fleet.fleet.pools.get(id).state, soon).toBe("disabled");
    expect((await browser.post(change, { token, to: "enable" })).status).toBe(303);
    expect(world.fleet.fleet.pools.get(id).state).toBe("enabled");
    expect(world.recorded(id).slice(1)).toEqual(["ann: pool_updated", "ann: pool_drained", "ann: pool_enabled"]);
  });

  it("is left alone when it was changed after the question, and when no question was asked", async () => {
    const id = await pool();
    const change = `/ui/pools/${id}/change`;
    const fields = hiddenFields((await browser.get(`${change}?to=drain`)).text, change);
    await world.fleet.fleet.pools.update(id, { max_ready: 5 });
    for (const form of [fields, { token, to: "drain" }]) {
      const { status, text } = await browser.post(change, form);
      expect(status).toBe(409);
      expect(text).toContain("has changed since the question was asked");
    }
    expect(world.fleet.fleet.pools.get(id).state).toBe("enabled");
    expect((await browser.get(`${change}?to=enable`)).text).toContain("it is enabled already");
  });

  it("says why it is not full, what to do, and how far it has rolled", async () => {
    const id = await pool({ version_policy: "track_tag", track_tag: "default", max_ready: 2 });
    const first = world.fleet.fleet.pools.get(id).resolved_template_build_id!;
    world.fleet.driver.start = () => Promise.reject(new Error("it does not start"));
    const { buildId } = world.fleet.seed("web");
    await expect
      .poll(async () => (await browser.get(`/ui/pools/${id}`)).text, soon)
      .toContain("Read what the last one said");
    const { text } = await browser.get(`/ui/pools/${id}`);
    expect(text).toContain("it does not start");
    expect(text).toContain(`The pool rolls to`);
    expect(text).toContain(`/ui/builds/${buildId}/compare?with=${first}`);
    expect((await browser.get("/ui/pools")).text).toContain("machines fail at their start");
    const overview = (await browser.get("/ui/")).text;
    expect(overview).toContain(`href="/ui/pools/${id}"`);
    expect(overview).toContain("machines fail at their start");
  });

  it("is drawn over the last hours, with a text that says the same", async () => {
    const id = await pool();
    const sampler = new PoolSampler({
      db: world.fleet.db,
      log: pino({ level: "silent" }),
      stopping: new AbortController().signal,
    });
    sampler.sample(Date.now() - 10 * SAMPLE_EVERY_MS);
    world.fleet.db.run("UPDATE warm_pools SET min_ready = 5, max_ready = 5 WHERE pool_id = ?", [id]);
    sampler.sample(Date.now() - 5 * SAMPLE_EVERY_MS);
    const { text } = await browser.get(`/ui/pools/${id}?hours=24`);
    const svg = elementsOf(text).find(({ tagName }) => tagName === "svg")!;
    expect(attributeOf(svg, "role")).toBe("img");
    expect(attributeOf(svg, "aria-labelledby")).toBe("picture-text");
    expect(text).toContain("In the last 24 hours 2 were ready, fewer than the floor for 5 min of it");
    const paths = elementsOf(text).filter(({ tagName }) => tagName === "path");
    expect(paths).toHaveLength(4);
    for (const path of paths) expect(attributeOf(path, "d")).toMatch(/^(?:M\d+ [\d.]+(?:[VH][\d.]+)+Z?)*$/);
    expect(paths.map((path) => attributeOf(path, "d"))).not.toContain("");
  });
});

describe("a machine", () => {
  it("is paused, resumed and ended after a question, in the name of the key", async () => {
    world.fleet.seed("web");
    const { machineId } = await world.fleet.createMachine({ template: "web", envs: { TOKEN: "hush-hush-hush" } });
    const page = `/ui/machines/${machineId}`;
    const shown = await browser.get(page);
    expect(shown.text).toContain("TOKEN");
    expect(shown.text).not.toContain("hush-hush-hush");
    for (const [to, state] of [
      ["pause", "paused"],
      ["resume", "running"],
      ["end", "destroyed"],
    ] as const) {
      const { answer } = await confirm(`${page}/change?to=${to}`, `${page}/change`);
      expect([to, answer.status, answer.location]).toEqual([to, 303, page]);
      expect(world.fleet.fleet.machines.get(machineId).status).toBe(state);
    }
    expect(world.recorded(machineId).slice(1)).toEqual([
      "ann: machine_paused",
      "ann: machine_resumed",
      "ann: machine_ended",
    ]);
    expect((await browser.get(`${page}/change?to=end`)).text).toContain("it is over already");
  });

  it("is asked again when it is not what the question showed", async () => {
    world.fleet.seed("web");
    const { machineId } = await world.fleet.createMachine({ template: "web" });
    const change = `/ui/machines/${machineId}/change`;
    const fields = hiddenFields((await browser.get(`${change}?to=pause`)).text, change);
    await world.fleet.fleet.machines.pause(machineId);
    expect((await browser.post(change, fields)).status).toBe(409);
  });

  it("shows what it wrote last, and nothing of the values of its variables", async () => {
    world.fleet.seed("web");
    const { machineId } = await world.fleet.createMachine({ template: "web", envs: { PLAIN: "value-of-plain" } });
    world.fleet.driver.logs = async () => ["begins", "PLAIN is value-of-plain"];
    const { text } = await browser.get(`/ui/machines/${machineId}`);
    expect(text).toContain("begins");
    expect(text).toContain("PLAIN is [secret]");
    world.fleet.driver.logs = () => Promise.reject(new Error("the engine is away"));
    const away = await browser.get(`/ui/machines/${machineId}`);
    expect(away.status).toBe(200);
    expect(away.text).toContain("the engine is away");
  });

  it("is found by the name of its template, whatever it was asked for with", async () => {
    const { templateId } = world.fleet.seed("web");
    world.fleet.seed("api");
    const ids = await Promise.all(
      ["web", "local/web:default", templateId, "api"].map(async (template) => {
        return (await world.fleet.createMachine({ template })).machineId;
      }),
    );
    const found = async (query: string) => {
      const { text } = await browser.get(`/ui/machines?${query}`);
      return ids.map((id) => text.includes(`/ui/machines/${id}"`));
    };
    expect(await found("template=web")).toEqual([true, true, true, false]);
    expect(await found("template=local%2Fweb%3Adefault")).toEqual([false, true, false, false]);
    expect(await found("state=paused")).toEqual([false, false, false, false]);
    expect(await found("template=none")).toEqual([false, false, false, false]);
  });
});

describe("a key", () => {
  it("is shown once, by the answer to the form, and is good from then on", async () => {
    const made = await browser.post("/ui/keys", { token, name: "ci" });
    expect([made.status, made.headers["cache-control"]]).toEqual([200, "no-store"]);
    const [key] = /ns_local_[\w-]{32}/.exec(made.text)!;
    for (const path of ["/ui/keys", "/ui/", "/ui/audit"]) expect((await browser.get(path)).text).not.toContain(key);
    const other = new Browser(world.url);
    expect((await other.logIn(key)).status).toBe(303);
    expect(world.recorded(world.keys.liveRows()[0]!.keyId)).toEqual(["ann: key_created"]);
    // Sent again, as by a reload, it makes no other one.
    expect((await browser.post("/ui/keys", { token, name: "ci" })).status).toBe(409);
    expect((await browser.post("/ui/keys", { token, name: "no name" })).status).toBe(400);
    expect((await browser.post("/ui/keys", { name: "without-token" })).status).toBe(403);
    expect(world.keys.live().map(({ name }) => name)).toEqual(["ann", "ci"]);
  });

  it("is revoked after a question; the own one logs out", async () => {
    const bob = await world.visitor("bob");
    const path = `/ui/keys/${bob.keyId}/revoke`;
    const { asked, answer } = await confirm(path, path);
    expect(asked).not.toContain("You have logged in with it");
    expect(answer.location).toBe("/ui/keys");
    expect((await bob.browser.get("/ui/")).status).toBe(303);
    const own = `/ui/keys/${world.keys.liveRows()[0]!.keyId}/revoke`;
    const mine = await confirm(own, own);
    expect(mine.asked).toContain("You are logged in with it, so you will be logged out.");
    expect(mine.asked).toContain("No other key of the data folder is valid.");
    expect([mine.answer.status, mine.answer.location]).toEqual([303, "/ui/log-in?out=revoked"]);
    expect(String(mine.answer.headers["set-cookie"])).toContain("Max-Age=0");
    expect((await browser.get("/ui/log-in?out=revoked")).text).toContain("Your key is revoked");
    expect((await browser.get("/ui/keys")).status).toBe(303);
  });
});

describe("the audit trail", () => {
  it("comes page by page, newest first, and is narrowed by what, to what and by whom", async () => {
    const id = await pool();
    for (let n = 0; n < 60; n++) await world.fleet.fleet.pools.update(id, { labels: { n: String(n) } });
    await browser.post(`/ui/pools/${id}/change`, { token, to: "disable" });
    const rows = (text: string) => text.match(/<tr>/g)!.length - 1;
    const seen: number[] = [];
    for (let path: string | undefined = "/ui/audit?kind=pool_updated"; path !== undefined;) {
      const { text } = await browser.get(path);
      seen.push(rows(text));
      const next = elementsOf(text).find((each) => attributeOf(each, "rel") === "next");
      path = next && attributeOf(next, "href");
    }
    expect(seen).toEqual([50, 10]);
    const all = (await browser.get(`/ui/audit?subject=${id}`)).text;
    expect(all).toContain(`href="/ui/pools/${id}"`);
    expect(rows((await browser.get(`/ui/audit?subject=${id}&kind=pool_created`)).text)).toBe(1);
    expect((await browser.get(`/ui/audit?subject=${id}&key=ann`)).text).toContain("No record matches.");
    expect((await browser.get("/ui/audit?key=nobody")).text).toContain("No record matches.");
  });
});

describe("the disk", () => {
  it("tells what uses an image, what nothing needs and how large both are, and sweeps on request", async () => {
    const [old, live] = [world.fleet.seed("web", "v1"), world.fleet.seed("web", "v2")];
    world.fleet.db.run("UPDATE tags SET build_id = ? WHERE tag = 'v1'", [live.buildId]);
    world.fleet.db.run("UPDATE artifacts SET image_id = 'sha256:' || template_id");
    world.images = [old, live].map(({ templateId }, n) => ({
      templateId,
      imageRef: templateId,
      imageId: `sha256:${templateId}`,
      isOwn: true,
      sizeBytes: (n + 1) * 1024 ** 3,
    }));
    const { text } = await browser.get("/ui/disk");
    expect(text.replaceAll(/\s+/g, " ")).toMatch(
      /Images of artifacts.*?3\.0 GiB.*?50 GiB.*?1\.0 GiB.*?Build cache of the engine.*?3\.0 GiB.*?none.*?1\.0 GiB/,
    );
    expect(text).toContain("nothing; goes after its time");
    expect((await browser.post("/ui/disk/sweep", {})).status).toBe(403);
    expect((await browser.post("/ui/disk/sweep", { token })).location).toBe("/ui/disk");
    expect(world.recorded("disk")).toEqual(["ann: sweep_asked"]);
    await expect.poll(() => world.retention.state.endedAt, soon).toBeDefined();
    expect((await browser.get("/ui/disk")).text).toMatch(/nothing; goes in (?:29|30) days/);
  });
});
