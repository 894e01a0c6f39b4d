import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { EventSource as FetchEventSource } from "eventsource";
import fc from "fast-check";
import { pino } from "pino";
import { Agent, EventSource as UndiciEventSource } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { markBuilding } from "../../../service/builds/build-transitions.ts";
import { BuildService } from "../../../service/builds/build-service.ts";
import { createApp } from "../../../service/http/app.ts";
import { registerOpenApi } from "../../../service/http/openapi.ts";
import { registerBuildRoutes } from "../../../service/http/routes/builds.ts";
import type { ServiceApp } from "../../../service/http/service-app.ts";
import { keyRing, newKey } from "../../../service/keys/key-ring.ts";
import { ApiKeyStore } from "../../../service/store/api-keys.ts";
import { TemplateEvents } from "../../../service/templates/events.ts";
import { resolveTemplate } from "../../../service/templates/resolve.ts";
import { MemoryArtifacts } from "./memory-artifacts.ts";
import { MemoryDriver } from "./memory-driver.ts";
import { MemoryExecutor } from "./memory-executor.ts";
import { TemplateStore } from "./template-store.ts";

const authorization = `Bearer ${newKey()}`;
let store: TemplateStore;
let app: ServiceApp;
let url: string;

beforeEach(async () => {
  store = new TemplateStore();
  const log = pino({ level: "silent" });
  const keys = keyRing([{ name: "test", key: authorization.slice("Bearer ".length) }], new ApiKeyStore(store.db));
  app = createApp({ logger: log, keys, refExists: () => false, stopping: store.signal });
  await registerOpenApi(app, "0.0.0");
  const artifacts = new MemoryArtifacts();
  const builds = new BuildService({
    db: store.db,
    blobs: store.blobs,
    executor: new MemoryExecutor(artifacts),
    artifacts,
    driver: new MemoryDriver(),
    events: new TemplateEvents(),
    log,
    resolve: async (ref) => resolveTemplate(store.db, ref),
    retentionMs: 1,
  });
  // The log of the records, so that a follower is woken by what the tests append.
  Object.assign(store, { buildLog: builds.buildLog });
  registerBuildRoutes(
    app,
    { db: store.db, stopping: store.signal, sizes: { check: async () => undefined } as never },
    builds,
  );
  url = await app.listen({ port: 0, host: "127.0.0.1" });
});

afterEach(async () => {
  await app.close();
  store[Symbol.dispose]();
});

function say(buildId: string, message: string): void {
  store.buildLog.append(buildId, { kind: "message", level: "info", phase: "step", message });
}

/** A way to the service that breaks after so many bytes of each answer; when none are left it holds. */
async function breakingWay(cuts: number[]): Promise<{ server: Server; url: string }> {
  const { port } = new URL(url);
  const server = createServer((from) => {
    const to = connect(Number(port), "127.0.0.1");
    let left = cuts.shift();
    from
      .on("error", () => to.destroy())
      .on("close", () => to.destroy())
      .pipe(to);
    to.on("error", () => from.destroy()).on("close", () => from.destroy());
    to.on("data", (bytes: Buffer) => {
      from.write(left === undefined ? bytes : bytes.subarray(0, left));
      if (left === undefined) return;
      left -= bytes.length;
      if (left > 0) return;
      // What was let through arrives before the end does.
      from.end(() => to.destroy());
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

interface Seen {
  ids: string[];
  messages: string[];
}

/** Follows a log as a browser does until the service says that nothing is left. */
async function follow(address: string, buildId: string, onEvent: (count: number) => void): Promise<Seen> {
  const seen: Seen = { ids: [], messages: [] };
  const source = new FetchEventSource(`${address}/v1/templates/builds/${buildId}/logs?follow=true&offset=0`, {
    fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, authorization } }),
  });
  source.addEventListener("log", ({ data, lastEventId }) => {
    seen.ids.push(lastEventId);
    seen.messages.push((JSON.parse(data as string) as { message: string }).message);
    onEvent(seen.ids.length);
  });
  await new Promise<void>((resolve) => {
    source.addEventListener("error", () => {
      if (source.readyState === source.CLOSED) resolve();
    });
  });
  return seen;
}

describe("an EventSource on a log", () => {
  it("sees each entry once, in order, wherever its connection breaks, and stops when the build has ended", async () => {
    const buildId = await store.accept({ name: "web" });
    markBuilding(store, buildId);
    const [cuts = []] = fc.sample(fc.array(fc.integer({ min: 1, max: 2_500 }), { minLength: 5, maxLength: 5 }), 1);
    const given = [...cuts];
    const way = await breakingWay(cuts);
    const lines = Array.from({ length: 60 }, (_, index) => `line ${index} ${"ä".repeat(index)}`);
    const waiting = [...lines];
    for (const line of waiting.splice(0, 20)) say(buildId, line);
    const seen = await follow(way.url, buildId, () => {
      const next = waiting.shift();
      if (next !== undefined) say(buildId, next);
      else if (store.db.get("SELECT 1 FROM builds WHERE status = 'building'") !== undefined) store.finish(buildId);
    });
    way.server.close();
    const whole = store.buildLog.read(buildId, 0);
    expect(seen.ids, `cuts ${given.join(", ")}`).toEqual(whole.map(({ offset }) => String(offset)));
    expect(seen.messages).toEqual(whole.map(({ entry }) => (JSON.parse(entry) as { message: string }).message));
    expect(seen.messages).toEqual(expect.arrayContaining(lines));
    expect(cuts).toEqual([]);
  });

  it("of another library ends as well, and reads nothing twice", async () => {
    const { buildId } = await store.ready({ name: "web" });
    const dispatcher = new Agent().compose(
      (dispatch) => (options, handler) =>
        dispatch({ ...options, headers: { ...(options.headers as object), authorization } }, handler),
    );
    const source = new UndiciEventSource(`${url}/v1/templates/builds/${buildId}/logs`, { dispatcher });
    const ids: string[] = [];
    source.addEventListener("log", (event) => ids.push((event as MessageEvent).lastEventId));
    await new Promise<void>((resolve) => {
      source.addEventListener("error", () => {
        if (source.readyState === source.CLOSED) resolve();
      });
    });
    expect(ids).toEqual(store.buildLog.read(buildId, 0).map(({ offset }) => String(offset)));
    await dispatcher.close();
  });
});

describe("Last-Event-ID", () => {
  const get = async (buildId: string, id: string, query = "") => {
    const answer = await fetch(`${url}/v1/templates/builds/${buildId}/logs${query}`, {
      headers: { authorization, "last-event-id": id },
    });
    return { status: answer.status, text: await answer.text() };
  };

  it("wins over offset and cursor, which stay in the address when a browser comes back", async () => {
    const { buildId } = await store.ready({ name: "web" });
    const { status, text } = await get(buildId, "0", "?offset=0&cursor=0");
    expect([status, text.match(/^id: .*$/gm)]).toEqual([200, ["id: 1", "id: 2"]]);
  });

  it("of the last entry is answered 204 only when nothing can follow", async () => {
    const buildId = await store.accept({ name: "web" });
    expect((await get(buildId, "0")).status).toBe(200);
    markBuilding(store, buildId);
    store.finish(buildId);
    expect((await get(buildId, "1")).text).toMatch(/^id: 2$/m);
    expect(await get(buildId, "2")).toEqual({ status: 204, text: "" });
  });

  it.each(["x", "-1", "1.5", "1, 2", "9".repeat(16)])("that no event of a log has is refused: %s", async (id) => {
    const { buildId } = await store.ready({ name: "web" });
    const { status, text } = await get(buildId, id);
    expect([status, text]).toEqual([400, expect.stringContaining("last-event-id")]);
  });
});
