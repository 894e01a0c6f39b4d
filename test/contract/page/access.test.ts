import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { withKeys } from "../../../service/keys/open-keys.ts";
import { startLocalService } from "../../../service/index.ts";
import { serveDataFolder } from "../../../service/local-service.ts";
import { LonelyService } from "../../unit/service/lonely-service.ts";
import { Browser, hiddenFields } from "./browser.ts";

let lonely: LonelyService;
let browser: Browser;

beforeAll(async () => {
  lonely = await LonelyService.start();
});
afterAll(() => lonely[Symbol.asyncDispose]());
beforeEach(() => {
  browser = new Browser(lonely.service.url);
});

describe("the log-in", () => {
  it("takes a key of the service, and leads to the page that was asked for", async () => {
    const asked = await browser.get("/ui/?x=1");
    expect([asked.status, asked.location]).toEqual([303, "/ui/log-in?next=%2Fui%2F%3Fx%3D1"]);
    const form = await browser.get(asked.location!);
    expect(form.status).toBe(200);
    const { next } = hiddenFields(form.text, "/ui/log-in");
    const answer = await browser.post("/ui/log-in", { next: next!, key: lonely.service.apiKey });
    expect([answer.status, answer.location]).toEqual([303, "/ui/?x=1"]);
    expect(String(answer.headers["set-cookie"])).toMatch(
      /^nullspace_[0-9a-f]{12}=[\w-]{43}; Path=\/ui; HttpOnly; SameSite=Strict$/,
    );
    const page = await browser.get("/ui/");
    expect(page.status).toBe(200);
    expect(page.text).toContain("<h1>Overview</h1>");
    expect(page.text).not.toContain(lonely.service.apiKey);
  });

  it("says of a wrong key that it is wrong, and no more", async () => {
    for (const key of ["", "x", `${lonely.service.apiKey}x`, lonely.service.apiKey.slice(0, -1), "\0", "é"]) {
      const answer = await browser.logIn(key);
      expect([answer.status, answer.headers["set-cookie"]]).toEqual([401, undefined]);
      expect(answer.text).toContain("That is not a key of this service.");
      if (key.length > 8) expect(answer.text).not.toContain(key);
    }
  });

  it("leads to no other place than a page of the service", async () => {
    for (const next of [
      "https://evil.test/",
      "//evil.test/",
      "/\\evil.test",
      "/v1/templates",
      "javascript:x",
      "/ui/log-out",
      "/ui/x\r\ny: z",
    ]) {
      const fresh = new Browser(lonely.service.url);
      const answer = await fresh.post("/ui/log-in", { next, key: lonely.service.apiKey });
      expect([next, answer.status, answer.location]).toEqual([next, 303, "/ui/"]);
    }
  });

  it("ends with log-out, for whoever holds the cookie", async () => {
    await browser.logIn(lonely.service.apiKey);
    const { cookie } = browser;
    const { text } = await browser.get("/ui/");
    const answer = await browser.post("/ui/log-out", hiddenFields(text, "/ui/log-out"));
    expect([answer.status, answer.location]).toEqual([303, "/ui/log-in?out=1"]);
    expect(String(answer.headers["set-cookie"])).toContain("Max-Age=0");
    browser.cookie = cookie;
    expect((await browser.get("/ui/")).status).toBe(303);
  });
});

describe("a service of its own", () => {
  const options = () =>
    ({
      port: 0,
      dataDirectory: `${lonely.dataDirectory}/other`,
      dockerHost: "unix:///none",
      logLevel: "silent",
    }) as const;

  it("lets an address try ten keys that are none in a minute, and a right one only after that", async () => {
    const other = await startLocalService(options());
    try {
      const guesser = new Browser(other.url);
      for (let n = 0; n < 10; n++) expect((await guesser.logIn(`guess-${n}`)).status).toBe(401);
      const refused = await guesser.logIn(other.apiKey);
      expect(refused.status).toBe(429);
      expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
      expect(refused.headers["set-cookie"]).toBeUndefined();
    } finally {
      await other.close();
    }
  });

  it("has its own cookie, so that two services of a machine log nobody out", async () => {
    const other = await startLocalService(options());
    try {
      const there = new Browser(other.url);
      await there.logIn(other.apiKey);
      await browser.logIn(lonely.service.apiKey);
      expect(there.cookie?.split("=")[0]).not.toBe(browser.cookie?.split("=")[0]);
    } finally {
      await other.close();
    }
  });

  it("logs out at once when the key is revoked, and the other keys stay", async () => {
    const folder = `${lonely.dataDirectory}/keys`;
    const served = await serveDataFolder({ ...options(), dataDirectory: folder });
    try {
      const second = "second-key-of-the-folder-0123456789";
      withKeys(folder, (keys) => keys.add("second", second));
      const [one, two] = [new Browser(served.url), new Browser(served.url)];
      await one.logIn(served.shownOnce!);
      await two.logIn(second);
      expect((await one.get("/ui/")).status).toBe(200);
      withKeys(folder, (keys) => keys.revoke("local"));
      expect((await one.get("/ui/")).status).toBe(303);
      expect((await two.get("/ui/")).status).toBe(200);
    } finally {
      await served.close();
    }
  });

  it("says over plain HTTP from its proxy whether the cookie is for HTTPS alone", async () => {
    const served = await startLocalService({ ...options(), behindProxy: true, allowedHosts: ["127.0.0.1"] });
    try {
      for (const [proto, isSecure] of [
        ["https", true],
        ["http", false],
        ["https, http", true],
        ["", false],
      ] as const) {
        const there = new Browser(served.url);
        const answer = await there.post("/ui/log-in", { key: served.apiKey }, { "x-forwarded-proto": proto });
        expect([proto, String(answer.headers["set-cookie"]).endsWith("; Secure")]).toEqual([proto, isSecure]);
      }
      // Without a proxy nobody's word for it counts.
      const answer = await browser.post("/ui/log-in", { key: lonely.service.apiKey }, { "x-forwarded-proto": "https" });
      expect(String(answer.headers["set-cookie"])).not.toContain("Secure");
    } finally {
      await served.close();
    }
  });
});

describe("a session", () => {
  afterEach(() => void vi.useRealTimers());

  // Sockets and timers stay real: only what time it is is made up.
  const pass = (ms: number) => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
  };

  it("ends when nobody has used it for half an hour; a page that looks again by itself is no use", async () => {
    await browser.logIn(lonely.service.apiKey);
    pass(29 * 60_000);
    expect((await browser.get("/ui/", { "x-page-poll": "1" })).status).toBe(200);
    pass(2 * 60_000);
    expect((await browser.get("/ui/", { "x-page-poll": "1" })).status).toBe(401);
    expect((await browser.get("/ui/")).status).toBe(303);
  });

  it("goes on while it is used, and ends after twelve hours all the same", async () => {
    await browser.logIn(lonely.service.apiKey);
    for (let n = 0; n < 28; n++) {
      pass(25 * 60_000);
      expect((await browser.get("/ui/")).status).toBe(200);
    }
    pass(21 * 60_000);
    expect((await browser.get("/ui/")).status).toBe(303);
  });

  it("is no key: no call of the API takes its cookie", async () => {
    await browser.logIn(lonely.service.apiKey);
    for (const path of ["/v1/templates", "/v1/machines", "/v1/warm-pools", "/"]) {
      expect([path, (await browser.get(path, { accept: "application/json" })).status]).toEqual([path, 401]);
    }
    // And the key is no session: pages are for those who have logged in.
    const answer = await new Browser(lonely.service.url).get("/ui/", {
      authorization: `Bearer ${lonely.service.apiKey}`,
    });
    expect(answer.status).toBe(303);
  });
});

describe("a form", () => {
  it("counts only from a page of this service, with the token of its session", async () => {
    await browser.logIn(lonely.service.apiKey);
    const fields = hiddenFields((await browser.get("/ui/")).text, "/ui/log-out");
    const { host } = new URL(lonely.service.url);
    const other = new Browser(lonely.service.url);
    await other.logIn(lonely.service.apiKey);
    const ofOther = hiddenFields((await other.get("/ui/")).text, "/ui/log-out");
    const refused: [Record<string, string>, Record<string, string>][] = [
      [{}, {}],
      [{ token: "x" }, {}],
      [{ token: fields.token!.slice(1) }, {}],
      [ofOther, {}],
      [fields, { "sec-fetch-site": "cross-site" }],
      [fields, { "sec-fetch-site": "same-site" }],
      [fields, { "sec-fetch-site": "none" }],
      [fields, { "sec-fetch-site": "same-origin", origin: "https://evil.test" }],
    ];
    for (const [form, headers] of refused) {
      const answer = await browser.post("/ui/log-out", form, headers);
      expect([headers, answer.status]).toEqual([headers, 403]);
      expect(answer.headers["content-type"]).toBe("text/html; charset=utf-8");
    }
    const body = new URLSearchParams(fields).toString();
    const type = { "content-type": "application/x-www-form-urlencoded" };
    const unsure: Record<string, string>[] = [
      { origin: "null" },
      { origin: "https://evil.test" },
      { origin: `http://${host}.evil.test` },
      {},
    ];
    for (const headers of unsure) {
      expect((await browser.ask("POST", "/ui/log-out", { headers: { ...type, ...headers }, body })).status).toBe(403);
      const logIn = new URLSearchParams({ key: lonely.service.apiKey }).toString();
      const stranger = new Browser(lonely.service.url);
      expect((await stranger.ask("POST", "/ui/log-in", { headers: { ...type, ...headers }, body: logIn })).status).toBe(
        403,
      );
    }
    expect((await browser.get("/ui/")).status).toBe(200);
    expect(
      (await browser.ask("POST", "/ui/log-out", { headers: { ...type, origin: `http://${host}` }, body })).status,
    ).toBe(303);
  });

  it("is small, and of the kind that forms are", async () => {
    await browser.logIn(lonely.service.apiKey);
    expect((await browser.post("/ui/log-out", { token: "x".repeat(20_000) })).status).toBe(413);
    const json = { "content-type": "application/json", "sec-fetch-site": "same-origin" };
    expect((await browser.ask("POST", "/ui/log-out", { headers: json, body: '{"token":1}' })).status).toBe(415);
    const text = { "content-type": "text/plain", "sec-fetch-site": "same-origin" };
    expect((await browser.ask("POST", "/ui/log-out", { headers: text, body: "token=x" })).status).toBe(415);
  });
});

describe("the way to the page", () => {
  it("begins at / for a browser, and for nobody else", async () => {
    expect(await browser.get("/")).toMatchObject({ status: 303, location: "/ui/" });
    for (const accept of ["application/json", "*/*", ""]) {
      expect((await browser.get("/", { accept })).status).toBe(401);
      const answer = await lonely.raw("GET", "/", { headers: { accept } });
      expect([answer.status, answer.json.code]).toEqual([404, "not_found"]);
    }
    expect((await browser.get("/ui")).location).toBe("/ui/log-in?next=%2Fui");
  });

  it("is not in the description of the API", async () => {
    const { json } = await lonely.raw("GET", "/openapi.json");
    expect(Object.keys(json.paths).filter((path) => path === "/" || path.startsWith("/ui"))).toEqual([]);
  });
});
