import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidResponseError, TransportError } from "../../../sdk/client/index.ts";
import { followLog } from "../../../sdk/client/log-follower.ts";
import { readEvents } from "../../../sdk/client/sse.ts";
import type { LogEntry } from "../../../sdk/wire/index.ts";
import { build, entry, frame, json, scriptedServer } from "./scripted-server.ts";

async function collect(entries: AsyncIterable<LogEntry>): Promise<number[]> {
  const offsets: number[] = [];
  for await (const { offset } of entries) offsets.push(offset);
  return offsets;
}

const LOGS = "GET /v1/templates/builds/tb_1/logs";
const STATUS = "GET /v1/templates/builds/tb_1";
const asked = (url: string): number => Number(new URL(url, "http://x").searchParams.get("offset"));

describe("following a log", () => {
  it("goes on after the last entry when streams break, and neither repeats nor drops one", async () => {
    // Breaks after every second entry, and replays one entry from before the cursor each time.
    await using server = await scriptedServer({
      [LOGS]: (request, response) => {
        const from = Math.max(0, asked(request.url) - 1);
        const kind = (offset: number): string => (offset === 6 ? "end" : "message");
        const sent = [from, from + 1, from + 2].filter((offset) => offset <= 6);
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(sent.map((offset) => frame(entry(offset, kind(offset)))).join("") + 'data: {"cut', () =>
          response.destroy(),
        );
      },
    });
    expect(await collect(server.client().builds.logs("tb_1", { follow: true }))).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(server.seen.every((request) => request.url.includes("follow=true"))).toBe(true);
  });

  it("ends at the last entry though the service leaves the stream open", async () => {
    await using server = await scriptedServer({
      [LOGS]: (_request, response) =>
        void response.writeHead(200).write(frame(entry(0)) + frame(entry(1, "cancelled"))),
    });
    expect(await collect(server.client().builds.logs("tb_1", { follow: true }))).toEqual([0, 1]);
  });

  it("ends when the build had ended before the offset asked for", async () => {
    await using server = await scriptedServer({
      [LOGS]: (_request, response) => void response.writeHead(200).end(),
      [STATUS]: (_request, response) => json(response, 200, { build: build("ready"), entries: [], next_offset: 9 }),
    });
    expect(await collect(server.client().builds.logs("tb_1", { follow: true, offset: 9 }))).toEqual([]);
  });

  it("goes on when the service closes the stream of a build that still runs", async () => {
    await using server = await scriptedServer({
      [LOGS]: (request, response) =>
        void response.writeHead(200).end(asked(request.url) === 0 ? frame(entry(0)) : frame(entry(2, "end"))),
      [STATUS]: (_request, response) =>
        json(response, 200, { build: build("building"), entries: [entry(1)], next_offset: 2 }),
    });
    expect(await collect(server.client().builds.logs("tb_1", { follow: true }))).toEqual([0, 1, 2]);
  });

  it("gives up after ten broken streams in a row, and not before", async () => {
    const waits: number[] = [];
    let opened = 0;
    const cut = (): never => {
      throw new TransportError("cut", { url: "http://x", outcome: "unknown", reason: "broken" });
    };
    async function* body(): AsyncGenerator<Uint8Array> {
      opened++;
      // The fifth stream brings an entry: the count begins again.
      if (opened === 5) yield new TextEncoder().encode(frame(entry(0)));
      cut();
    }
    const source = {
      buildId: "tb_1",
      open: () => Promise.resolve({ status: 200, headers: {}, body: body() }),
      poll: cut,
      wait: (delayMs: number) => Promise.resolve(void waits.push(delayMs)),
    };
    await expect(collect(followLog(source, 0))).rejects.toBeInstanceOf(TransportError);
    expect(opened).toBe(4 + 10);
    expect(Math.max(...waits)).toBeLessThanOrEqual(5_000);
  });

  it("gives the connection back when the reader leaves", async () => {
    let closed: (() => void) | undefined;
    const gone = new Promise<void>((resolve) => (closed = resolve));
    await using server = await scriptedServer({
      [LOGS]: (_request, response) => {
        response.on("close", () => closed?.());
        response.writeHead(200).write(frame(entry(0)));
      },
    });
    for await (const _entry of server.client().builds.logs("tb_1", { follow: true })) break;
    await gone;
  });

  it("ends with the signal's reason, also in the silence between entries", async () => {
    await using server = await scriptedServer({
      [LOGS]: (_request, response) => void response.writeHead(200).write(frame(entry(0))),
    });
    const stop = new AbortController();
    const reason = new Error("enough");
    const read = (async () => {
      for await (const _entry of server.client().builds.logs("tb_1", { follow: true, signal: stop.signal })) {
        stop.abort(reason);
      }
    })();
    await expect(read).rejects.toBe(reason);
  });

  it("refuses entries of another build", async () => {
    await using server = await scriptedServer({
      [LOGS]: (_request, response) => void response.writeHead(200).end(frame(entry(0, "message", "tb_2"))),
    });
    await expect(collect(server.client().builds.logs("tb_1", { follow: true }))).rejects.toBeInstanceOf(
      InvalidResponseError,
    );
  });
});

describe("replaying a log", () => {
  it("hands out what is there, and the rest from the status when the stream is cut", async () => {
    await using server = await scriptedServer({
      [LOGS]: (_request, response) => void response.writeHead(200).write(frame(entry(0)), () => response.destroy()),
      [STATUS]: (request, response) =>
        json(response, 200, { build: build("building"), entries: [entry(asked(request.url))], next_offset: 2 }),
    });
    expect(await collect(server.client().builds.logs("tb_1"))).toEqual([0, 1]);
    expect(server.seen[0]?.url).toContain("follow=false");
  });
});

describe("a streaming build", () => {
  it("is followed on another connection when its own breaks", async () => {
    await using server = await scriptedServer({
      "POST /v1/templates/build": (_request, response) =>
        void response.writeHead(200).write(frame(entry(0, "start")) + frame(entry(1)), () => response.destroy()),
      [LOGS]: (request, response) => void response.writeHead(200).end(frame(entry(asked(request.url), "end"))),
    });
    expect(await collect(server.client().builds.stream({ base_image: "alpine" }))).toEqual([0, 1, 2]);
    expect(server.seen.filter((request) => request.method === "POST")).toHaveLength(1);
  });

  it("that is refused is an error before the first entry", async () => {
    await using server = await scriptedServer((_request, response) =>
      json(response, 400, { error: "tags: too few", code: "invalid_request" }),
    );
    await expect(collect(server.client().builds.stream({ base_image: "alpine" }))).rejects.toMatchObject({
      code: "invalid_request",
    });
  });
});

describe("waiting for a build", () => {
  it("hands out every entry once and answers how the build ended, following or polling", async () => {
    for (const pollIntervalMs of [undefined, 1]) {
      await using server = await scriptedServer({
        [LOGS]: (_request, response) => void response.writeHead(200).end(frame(entry(0)) + frame(entry(1, "error"))),
        [STATUS]: (request, response, attempt) =>
          json(response, 200, {
            build: build(attempt < 3 ? "building" : "error"),
            entries: [entry(0), entry(1, "error")].filter((one) => Number(one.offset) >= asked(request.url)),
            next_offset: 2,
          }),
      });
      const offsets: number[] = [];
      const { build: ended } = await server.client().builds.waitUntilTerminal("tb_1", {
        pollIntervalMs,
        onEntry: ({ offset }) => void offsets.push(offset),
      });
      expect(ended.status).toBe("error");
      expect(offsets).toEqual([0, 1]);
    }
  });
});

describe("server-sent events", () => {
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  async function events(chunks: readonly Uint8Array[]): Promise<unknown[]> {
    async function* body(): AsyncGenerator<Uint8Array> {
      yield* chunks;
    }
    const read: unknown[] = [];
    for await (const event of readEvents(body(), "read")) read.push(event);
    return read;
  }

  it.each([
    ["without the space", 'data:{"a":1}\n\n', [{ a: 1 }]],
    ["with CRLF", 'event: log\r\nid: 4\r\ndata: {"a":1}\r\n\r\n', [{ a: 1 }]],
    ["with CR alone", 'data: {"a":1}\r\rdata: {"a":2}\r\r', [{ a: 1 }, { a: 2 }]],
    ["with comments between", ': hi\n\ndata: {"a":1}\n: there\n\n', [{ a: 1 }]],
    ["over several lines", 'data: {"a":\ndata: 1}\n\n', [{ a: 1 }]],
    ["without blank lines between", 'data: {"a":1}\ndata: {"a":2}\n\n', [{ a: 1 }, { a: 2 }]],
    ["without a blank line at the end", 'data: {"a":1}', [{ a: 1 }]],
    ["cut in the middle", 'data: {"a":1}\n\ndata: {"a', [{ a: 1 }]],
    ["with raw line separators in a string", 'data: {"a":"x\u2028y\u0085z"}\n\n', [{ a: "x\u2028y\u0085z" }]],
  ])("are read %s", async (_name, text, expected) => {
    expect(await events([encode(text)])).toEqual(expected);
  });

  it("are the same however the bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ message: fc.string({ unit: "grapheme" }) }), { maxLength: 5 }),
        fc.constantFrom("\n", "\r\n", "\r"),
        fc.array(fc.nat(40), { maxLength: 10 }),
        async (values, newline, cuts) => {
          const bytes = encode(values.map((value) => `data: ${JSON.stringify(value)}${newline}${newline}`).join(""));
          const chunks: Uint8Array[] = [];
          let at = 0;
          for (const cut of cuts) chunks.push(bytes.subarray(at, (at += cut)));
          chunks.push(bytes.subarray(at));
          expect(await events(chunks)).toEqual(values);
        },
      ),
    );
  });

  it("that are complete and no JSON are an error", async () => {
    await expect(events([encode("data: oops\n\n")])).rejects.toBeInstanceOf(InvalidResponseError);
  });
});
