import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as z from "zod";
import { followList, type ListEvent } from "../../../../service/drivers/kubernetes/client/follow-list.ts";
import { KubernetesClient } from "../../../../service/drivers/kubernetes/client/kubernetes-client.ts";
import { openStandIn, statusOf, type StandIn } from "./stand-in.ts";

const Thing = z.looseObject({ metadata: z.looseObject({ name: z.string() }) });
type Thing = z.infer<typeof Thing>;

const thing = (name: string, resourceVersion = "0") => ({ metadata: { name, resourceVersion } });
const event = (type: string, name: string, version: string) =>
  `${JSON.stringify({ type, object: thing(name, version) })}\n`;
const bookmark = (version: string) => `${JSON.stringify({ type: "BOOKMARK", object: thing("", version) })}\n`;

/** What the stand-in does for the next watch; the last one stays as it is. */
type WatchScript = (response: ServerResponse) => void;

describe("following a list of the API", () => {
  let server: StandIn;
  let client: KubernetesClient;
  let stop: AbortController;
  let items: string[];
  let scripts: WatchScript[];

  beforeEach(async () => {
    server = await openStandIn();
    client = new KubernetesClient(server.access());
    stop = new AbortController();
    items = ["a"];
    scripts = [];
    server.answer = ({ url }, response) => {
      if (url.searchParams.get("watch") === "true") return (scripts.shift() ?? stays)(response);
      const metadata = { resourceVersion: "10" };
      response.end(JSON.stringify({ metadata, items: items.map((name) => thing(name)) }));
    };
  });

  afterEach(async () => {
    stop.abort();
    await client.close();
    await server[Symbol.asyncDispose]();
  });

  const stays: WatchScript = (response) => void response.flushHeaders();
  const watches = () => server.seen.filter(({ url }) => url.searchParams.has("watch"));
  const versions = () => watches().map(({ url }) => url.searchParams.get("resourceVersion"));

  /** Follows until so many events have come; their kinds with the names. */
  async function follow(count: number): Promise<string[]> {
    const told: string[] = [];
    for await (const each of followList(client, { path: "/things", object: Thing, signal: stop.signal })) {
      told.push(words(each));
      if (told.length === count) break;
    }
    return told;
  }

  const words = (each: ListEvent<Thing>): string => {
    if (each.kind === "all") return `all ${each.objects.map(({ metadata }) => metadata.name).join(" ")}`;
    if (each.kind === "changed" || each.kind === "gone") return `${each.kind} ${each.object.metadata.name}`;
    return each.kind;
  };

  it("goes on after the end of a watch where the last object or bookmark was, and asks for bookmarks", async () => {
    scripts = [
      (response) => void response.end(event("ADDED", "b", "11") + bookmark("20")),
      (response) => void response.end(event("DELETED", "b", "21")),
      (response) => void response.write(event("MODIFIED", "a", "22")),
    ];
    expect(await follow(4)).toEqual(["all a", "changed b", "gone b", "changed a"]);
    expect(versions()).toEqual(["10", "20", "21"]);
    expect(watches().every(({ url }) => url.searchParams.get("allowWatchBookmarks") === "true")).toBe(true);
    expect(server.seen.length - watches().length).toBe(1);
  });

  it("loses nothing when a connection breaks off in the middle of a line", async () => {
    const line = event("ADDED", "ü", "12");
    scripts = [
      (response) => {
        const cut = Buffer.from(event("ADDED", "b", "11") + line);
        response.write(cut.subarray(0, cut.length - 20), () => response.destroy());
      },
      (response) => void response.write(line),
    ];
    expect(await follow(5)).toEqual(["all a", "changed b", "lost", "heard", "changed ü"]);
    expect(versions()).toEqual(["10", "11"]);
  });

  it("puts together what comes byte by byte", async () => {
    scripts = [
      (response) => {
        for (const byte of Buffer.from(event("ADDED", "日本", "11"))) response.write(Buffer.from([byte]));
      },
    ];
    expect(await follow(2)).toEqual(["all a", "changed 日本"]);
  });

  it.each([
    [
      "in an event",
      (response: ServerResponse) =>
        void response.end(`{"type":"ERROR","object":${statusOf(410, "Expired", "too old")}}\n`),
    ],
    ["as an answer", (response: ServerResponse) => void response.writeHead(410).end(statusOf(410, "Gone", "too old"))],
  ])("tells all again when the server no longer knows what happened (410 %s)", async (_how, expired) => {
    scripts = [
      (response) => {
        items = ["a", "c"];
        expired(response);
      },
      (response) => void response.write(event("ADDED", "d", "11")),
    ];
    expect(await follow(3)).toEqual(["all a", "all a c", "changed d"]);
  });

  it("tells once that nothing is heard, and again when it is, through refusals of every kind", async () => {
    const refuses =
      (code: number, header = {}) =>
      (response: ServerResponse) =>
        void response.writeHead(code, header).end(statusOf(code, "", "no"));
    scripts = [
      refuses(500),
      refuses(429, { "retry-after": "0" }),
      (response) => response.destroy(),
      (response) => void response.end(`{"type":"ERROR","object":${statusOf(500, "InternalError", "etcd")}}\n`),
      (response) => void response.write(event("ADDED", "b", "11")),
    ];
    const told = await follow(6);
    expect(told.filter((each) => each !== "lost" && each !== "heard")).toEqual(["all a", "changed b"]);
    expect(told.slice(1, -1)).toEqual(["lost", "heard", "lost", "heard"]);
    expect(new Set(versions())).toEqual(new Set(["10"]));
  });

  it("tells again that nothing is heard when that has another cause", async () => {
    const refuses = (code: number) => (response: ServerResponse) =>
      void response.writeHead(code).end(statusOf(code, "", "no"));
    scripts = [500, 500, 401, 401, 403].map(refuses);
    expect(await follow(5)).toEqual(["all a", "lost", "lost", "lost", "heard"]);
  });

  it("tells that a kind is absent when the server says what it serves, and not when a page says so", async () => {
    const things = "/apis/test/v1/namespaces/n/things";
    let served = ["things"];
    let isBehind = true;
    server.answer = ({ url }, response) => {
      const answer = (object: object) => void response.end(JSON.stringify(object));
      if (!isBehind) return void response.writeHead(404).end("404 page not found\n");
      if (url.pathname === "/apis") {
        return answer({ kind: "APIGroupList", groups: [{ versions: [{ groupVersion: "test/v1" }] }] });
      }
      if (url.pathname === "/apis/test/v1") {
        return answer({ kind: "APIResourceList", resources: served.map((name) => ({ name })) });
      }
      if (served.length === 0) return void response.writeHead(404).end("404 page not found\n");
      if (url.searchParams.has("watch")) return void response.end(bookmark("11"));
      answer({ metadata: { resourceVersion: "10" }, items: items.map((name) => thing(name)) });
    };
    const told: string[] = [];
    for await (const each of followList(client, { path: things, object: Thing, signal: stop.signal })) {
      told.push(words(each));
      if (told.length === 1) isBehind = false;
      if (each.kind === "lost") [isBehind, served] = [true, []];
      if (each.kind === "absent") served = ["things"];
      if (told.filter((word) => word === "heard").length === 1) break;
    }
    expect(told).toEqual(["all a", "lost", "absent", "all a", "heard"]);
  });

  it("asks for all again after what it cannot read", async () => {
    scripts = [
      (response) => void response.end("this is no JSON\n"),
      (response) => void response.end('{"type":"ADDED","object":{"metadata":{"resourceVersion":"9"}}}\n'),
    ];
    const told = await follow(6);
    expect(told.filter((each) => each.startsWith("all"))).toHaveLength(3);
  });

  it("reads a long list page by page, as it was at one moment", async () => {
    server.answer = ({ url }, response) => {
      if (url.searchParams.has("watch")) return stays(response);
      const token = url.searchParams.get("continue");
      const page = token === null ? { continue: "next", items: [thing("a")] } : { items: [thing("b")] };
      const { items: found, ...rest } = page;
      response.end(JSON.stringify({ metadata: { resourceVersion: "10", ...rest }, items: found }));
    };
    expect(await follow(1)).toEqual(["all a b"]);
  });

  it("ends with its signal, also while it waits for a server that is away", async () => {
    await server[Symbol.asyncDispose]();
    const following = follow(2);
    setTimeout(() => stop.abort(), 100);
    expect(await following).toEqual(["lost"]);
    server = await openStandIn();
  });
});
