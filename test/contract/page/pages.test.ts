import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Database } from "../../../service/store/database.ts";
import { MemoryWorld } from "./memory-world.ts";
import { attributeOf, Browser, elementsOf, hiddenFields } from "./browser.ts";

/** A value that a page must never have in it, known by its beginning. */
const secret = () => `hush-${randomBytes(12).toString("hex")}`;

let world: MemoryWorld;
let browser: Browser;
const secrets: string[] = [];
const ids: { poolId: string; machineId: string }[] = [];
let machineSecret = "";

/** Somebody who has logged in, with the token of the session. */
async function browserOf({ url, apiKey }: MemoryWorld): Promise<Browser & { form: { token: string } }> {
  const made = new Browser(url);
  await made.logIn(apiKey);
  const { token } = hiddenFields((await made.get("/ui/")).text, "/ui/log-out");
  return Object.assign(made, { form: { token: token! } });
}

const newSecret = () => {
  secrets.push(secret());
  return secrets.at(-1)!;
};

beforeAll(async () => {
  world = await MemoryWorld.start();
  secrets.push(world.apiKey);
  for (const version of ["1", "2", "3"]) {
    const [token, env, machine] = [newSecret(), newSecret(), newSecret()];
    machineSecret = machine;
    await world.ready({
      name: "web",
      tags: version === "3" ? ["dev"] : ["dev", "prod"],
      dockerfile: `FROM busybox:1\nARG VERSION\nARG API_TOKEN=${token}\nRUN echo ${version}\n`,
      build_args: { VERSION: version, API_TOKEN: token },
      build_envs: { BUILD_PASSWORD: env, PLAIN: newSecret() },
      runtime_config: { default_envs: { DB_PASSWORD: machine, PLAIN: newSecret() } },
      says: [`RUN echo ${token}`, `the password is ${env}`, `and ${machine} too`],
    });
  }
  const token = newSecret();
  await world.failed({
    name: "web",
    dockerfile: `FROM busybox:1\nARG NPM_TOKEN\nRUN echo ${token}\nRUN false\n`,
    build_args: { NPM_TOKEN: token },
    error: `exit code 1 with ${token}`,
    line: 3,
    tail: [`token ${token}`],
  });
  const built = world.builds[2]!;
  const templateId = world.artifactOf(built);
  ids.push(
    world.fleet({
      templateId,
      buildId: built,
      pool: {
        name: "web-pool",
        metadata: JSON.stringify({ token: newSecret() }),
        degradedReason: "artifact_prewarm_failed",
        failureCount: 2,
        lastFailure: `it said ${machineSecret}`,
        previousBuildId: world.builds[1]!,
        compatibilityKey: "newer",
      },
      machine: {
        envs: JSON.stringify({ DB_PASSWORD: newSecret(), PLAIN: newSecret() }),
        metadata: JSON.stringify({ owner: newSecret() }),
      },
    }),
    world.fleet({
      templateId,
      buildId: built,
      pool: { name: "drained-pool", state: "disabled" },
      machine: { status: "error", endedAtMs: Date.now(), failure: `It ended.\n  | its password is ${newSecret()}` },
    }),
  );
  const key = await browserOf(world).then((made) => made.post("/ui/keys", { ...made.form, name: "ci" }));
  secrets.push(/ns_local_[\w-]{32}/.exec(key.text)![0]);
  await world.ready({
    name: `<b>"x'&</b>`.replaceAll(/[^a-z]/g, "-").replaceAll(/^-+|-+$/g, ""),
    tags: ["default"],
    says: ['<script>alert("x")</script>', "</li></ol><b>bold</b>"],
  });
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(async () => {
  browser = new Browser(world.url);
  await browser.logIn(world.apiKey);
});

/** Every page that links of other pages lead to, from the overview on. */
async function crawl(visit: (path: string, seen: Awaited<ReturnType<Browser["get"]>>) => void): Promise<string[]> {
  const waiting = ["/ui/"];
  const known = new Set(waiting);
  while (waiting.length > 0) {
    const path = waiting.shift()!;
    const seen = await browser.get(path);
    visit(path, seen);
    if (!String(seen.headers["content-type"]).startsWith("text/html")) continue;
    for (const element of elementsOf(seen.text)) {
      const found = [attributeOf(element, "href"), attributeOf(element, "src"), attributeOf(element, "data-follow")];
      for (const link of found) {
        if (link === undefined || link.startsWith("data:")) continue;
        const { pathname, search, origin } = new URL(link, new URL(path, world.url));
        expect(origin, `${path} links to ${link}`).toBe(browser.origin);
        if (known.has(pathname + search)) continue;
        known.add(pathname + search);
        waiting.push(pathname + search);
      }
    }
  }
  return [...known];
}

describe("every page that links lead to", () => {
  it("is there, keeps itself to itself, and has nothing of a secret in it", async () => {
    const kinds = new Set<string>();
    const paths = await crawl((path, { status, headers, text }) => {
      expect([path, status]).toEqual([path, 200]);
      expect(headers["content-security-policy"]).toBe(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      );
      expect(headers).toMatchObject({
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
      });
      expect(headers["cache-control"]).toBe(
        path.includes("/assets/") ? "private, max-age=31536000, immutable" : "no-store",
      );
      for (const each of secrets) expect(text.includes(each), `${path} has ${each} in it`).toBe(false);
      kinds.add(
        path
          .replaceAll(/(?:tb|twp|mch|key)_\w+/g, "ID")
          .replaceAll(/\?.*/g, "")
          .replaceAll(/[0-9a-f]{16}/g, "DIGEST"),
      );
    });
    expect(paths.length).toBeGreaterThan(30);
    for (const kind of [
      "/ui/templates/local/web",
      "/ui/templates/local/web/tags/prod",
      "/ui/templates/local/web/move",
      "/ui/builds/ID",
      "/ui/builds/ID/log",
      "/ui/builds/ID/log.txt",
      "/ui/builds/ID/compare",
      "/ui/pools",
      "/ui/pools/ID",
      "/ui/pools/ID/change",
      "/ui/machines",
      "/ui/machines/ID",
      "/ui/machines/ID/change",
      "/ui/disk",
      "/ui/keys",
      "/ui/keys/ID/revoke",
      "/ui/audit",
      "/ui/assets/DIGEST/page.css",
      "/ui/assets/DIGEST/page.js",
    ]) {
      expect([...kinds]).toContain(kind);
    }
  });

  it("can be read by whoever does not see it, and holds to its own policy", async () => {
    await crawl((path, { headers, text }) => {
      if (!String(headers["content-type"]).startsWith("text/html")) return;
      const elements = elementsOf(text);
      const of = (name: string) => elements.filter(({ tagName }) => tagName === name);
      expect([path, of("main").length, of("h1").length, attributeOf(of("html")[0]!, "lang")]).toEqual([
        path,
        1,
        1,
        "en",
      ]);
      const levels = elements
        .filter(({ tagName }) => /^h[1-6]$/.test(tagName))
        .map(({ tagName }) => Number(tagName[1]));
      for (const [index, level] of levels.entries())
        expect(level, `${path}: headings ${levels.join()}`).toBeLessThanOrEqual((levels[index - 1] ?? 0) + 1);
      expect(of("caption").length).toBe(of("table").length);
      for (const cell of of("th")) expect(attributeOf(cell, "scope")).toMatch(/^(?:row|col)$/);
      expect(of("style")).toEqual([]);
      for (const script of of("script")) expect(attributeOf(script, "src")).toMatch(/^\/ui\/assets\//);
      for (const element of elements) {
        expect(element.attrs.filter(({ name }) => name.startsWith("on") || name === "style")).toEqual([]);
      }
      const ids = elements.flatMap((element) => attributeOf(element, "id") ?? []);
      expect([...new Set(ids)], path).toEqual(ids);
      for (const field of [...of("input"), ...of("select")]) {
        if (attributeOf(field, "type") === "hidden") continue;
        expect(
          of("label").some((label) => attributeOf(label, "for") === attributeOf(field, "id")),
          path,
        ).toBe(true);
      }
      for (const form of of("form").filter((each) => attributeOf(each, "method") === "post")) {
        expect(hiddenFields(text, attributeOf(form, "action")!)).toHaveProperty("token");
      }
    });
  });

  it("answers HEAD with its headers alone, and nobody who has not logged in", async () => {
    const stranger = new Browser(world.url);
    const paths: string[] = [];
    await crawl((path) => void paths.push(path));
    for (const path of paths) {
      const head = await browser.ask("HEAD", path);
      expect([path, head.status, head.text]).toEqual([path, 200, ""]);
      const other = await stranger.get(path);
      if (path.includes("/assets/")) expect(other.status).toBe(200);
      else
        expect([path, other.status, other.location]).toEqual([
          path,
          303,
          `/ui/log-in?next=${encodeURIComponent(path)}`,
        ]);
    }
  });
});

describe("what is not there", () => {
  it("is a page that says so", async () => {
    for (const path of [
      "/ui/nothing",
      "/ui/templates/local/none",
      "/ui/templates/local/web/tags/none",
      "/ui/builds/tb_none",
      "/ui/builds/tb_none/log",
      "/ui/builds/tb_none/follow",
      "/ui/builds/tb_none/compare",
      "/ui/templates/local/web/move?tag=prod&to=tb_none",
      "/ui/pools/twp_none",
      "/ui/pools/twp_none/change?to=drain",
      "/ui/machines/mch_none",
      "/ui/machines/mch_none/change?to=end",
      "/ui/keys/key_none/revoke",
    ]) {
      const { status, headers, text } = await browser.get(path);
      expect([path, status, headers["content-type"]]).toEqual([path, 404, "text/html; charset=utf-8"]);
      expect(text).toContain("<h1>Not found</h1>");
      expect(text).toContain(String(headers["x-request-id"]));
      expect(headers["content-security-policy"]).toContain("default-src 'none'");
    }
    for (const path of [
      "/ui/templates?after=x",
      "/ui/templates/local/web?after=x",
      "/ui/templates/local/web/move",
      "/ui/pools?state=x",
      "/ui/pools?after=x",
      `/ui/pools/${ids[0]!.poolId}?hours=7`,
      `/ui/pools/${ids[0]!.poolId}/change?to=x`,
      `/ui/pools/${ids[0]!.poolId}/change?to=resize&floor=4&most=3`,
      "/ui/machines?state=x",
      "/ui/machines?template=%20",
      `/ui/machines/${ids[0]!.machineId}/change?to=x`,
      "/ui/disk?after=x",
      "/ui/keys?after=x",
      "/ui/audit?kind=x",
      `/ui/builds/${world.builds[0]}/log?from=x`,
    ]) {
      expect([path, (await browser.get(path)).status]).toEqual([path, 400]);
    }
    expect((await browser.ask("PUT", "/ui/", { headers: { "sec-fetch-site": "same-origin" } })).status).toBe(404);
  });
});

describe("a tag", () => {
  const path = "/ui/templates/local/web";

  it("is moved after a confirmation that names both builds, in the name of the key", async () => {
    const [first, second] = world.builds;
    const asked = await browser.get(`${path}/move?tag=prod&to=${first}`);
    expect(asked.text).toContain("Roll back local/web:prod");
    expect(asked.text).toContain(first);
    expect(asked.text).toContain(second);
    const fields = hiddenFields(asked.text, `${path}/move`);
    expect(fields).toMatchObject({ tag: "prod", to: first, expected: second });
    const moved = await browser.post(`${path}/move`, fields);
    expect([moved.status, moved.location]).toEqual([303, `${path}/tags/prod`]);
    const told = await browser.get(moved.location!);
    expect(told.text).toContain(`The tag prod points at ${first} now.`);
    expect((await browser.get(moved.location!)).text).not.toContain(`The tag prod points at ${first} now.`);
    const { json } = await world.call("GET", "/v1/templates/refs/local%2Fweb/tag-moves?tag=prod");
    expect(json.moves[0]).toMatchObject({ from_build_id: second, to_build_id: first, moved_by: world.keyName });
    const audit = new Database(join(world.dataDirectory, "store.db"));
    expect(audit.all("SELECT actor, action FROM audit_events WHERE action = 'build_promoted'")).toEqual([
      { actor: world.keyName, action: "build_promoted" },
    ]);
    audit.close();
  });

  it("stays where somebody else has moved it meanwhile", async () => {
    const [first, second, third] = world.builds;
    const fields = hiddenFields((await browser.get(`${path}/move?tag=prod&to=${third}`)).text, `${path}/move`);
    await world.call("POST", `/v1/templates/builds/${second}/promote`, { tag: "prod" });
    const answer = await browser.post(`${path}/move`, fields);
    expect(answer.status).toBe(409);
    expect(answer.text).toContain("was moved meanwhile");
    const tags = await world.call("GET", "/v1/templates/refs/local%2Fweb/tags");
    expect(tags.json.find(({ tag }: { tag: string }) => tag === "prod").build_id).toBe(second);
    expect(first).not.toBe(second);
  });

  it("does not go to a build that failed", async () => {
    const failed = world.builds[3]!;
    const asked = await browser.get(`${path}/move?tag=prod&to=${failed}`);
    expect(asked.text).toContain("It cannot be moved there");
    const { token } = hiddenFields(asked.text, "/ui/log-out");
    const answer = await browser.post(`${path}/move`, {
      token: token!,
      tag: "prod",
      to: failed,
      expected: world.builds[1]!,
    });
    expect(answer.status).toBe(409);
  });
});

describe("the log of a build", () => {
  it("is followed with the cookie, ends with its build, and is not asked for again then", async () => {
    const id = world.builds[0]!;
    const { status, headers, text } = await browser.get(`/ui/builds/${id}/follow?from=0`);
    expect([status, headers["content-type"]]).toEqual([200, "text/event-stream; charset=utf-8"]);
    const frames = text.split("\n\n").filter((frame) => frame.startsWith("id: "));
    const lines = frames.map((frame) => JSON.parse(/^data: (.*)$/m.exec(frame)![1]!) as { n: number; text: string });
    expect(lines.map(({ n }) => n)).toEqual(lines.map((_, index) => index));
    expect(lines.some(({ text }) => text === "the password is [secret]")).toBe(true);
    const last = String(lines.length - 1);
    expect((await browser.get(`/ui/builds/${id}/follow?from=0`, { "last-event-id": last })).status).toBe(204);
    const rest = await browser.get(`/ui/builds/${id}/follow?from=0`, { "last-event-id": String(lines.length - 2) });
    expect(rest.text.match(/^id: /gm)).toHaveLength(1);
  });

  it("does not find by a search what it masks", async () => {
    const id = world.builds[0]!;
    const hidden = secrets[1]!;
    for (const find of [hidden, hidden.slice(0, 8)]) {
      expect((await browser.get(`/ui/builds/${id}/log?find=${find}`)).text).toContain("0 entries with it");
    }
    expect((await browser.get(`/ui/builds/${id}/log?find=PASSWORD+is`)).text).toContain("1 entry with it");
  });
});
