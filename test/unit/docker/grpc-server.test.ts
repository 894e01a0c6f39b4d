import { once } from "node:events";
import { connect } from "node:http2";
import net, { type AddressInfo } from "node:net";
import { Duplex } from "node:stream";
import { Client, credentials, Metadata, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { frameMessages } from "../../../sdk/docker/grpc/grpc-framing.ts";
import { serveGrpc, streaming, unary } from "../../../sdk/docker/grpc/grpc-server.ts";
import { GRPC_STATUS, GrpcStatusError } from "../../../sdk/docker/grpc/grpc-status.ts";

const codec = { encode: (message: Buffer) => message, decode: (bytes: Uint8Array) => Buffer.from(bytes) };
const method = (name: string) => ({ path: `/test.Echo/${name}`, request: codec, response: codec });
const same = (message: Buffer) => message;

let port: number;
let client: Client;
const ends: unknown[] = [];
const heard: string[] = [];
const methods = [
  unary(method("One"), (request) => {
    const text = String(request);
    if (text.startsWith("fail ")) throw new GrpcStatusError(GRPC_STATUS.notFound, text.slice("fail ".length));
    if (text === "break") throw new Error("an error of the program");
    return request;
  }),
  streaming(method("Many"), async (call) => {
    heard.push(call.header("x-of-the-call") ?? "");
    for await (const message of call.messages()) await call.write(message, message);
  }),
  streaming(method("Flood"), async (call) => {
    const piece = Buffer.alloc(64 * 1024);
    let written = 0;
    try {
      for (; ; written++) await call.write(piece);
    } catch (error) {
      ends.push({ error, written });
      throw error;
    }
  }),
  streaming(method("Listen"), async (call) => {
    try {
      for await (const message of call.messages()) heard.push(String(message));
      ends.push("ended");
    } catch (error) {
      ends.push(error);
      throw error;
    }
  }),
  streaming(method("Hear"), async (call) => {
    try {
      await call.receive((message) => {
        if (String(message) === "break") throw new Error("an error of the program");
        heard.push(String(message));
      });
      ends.push("ended");
    } catch (error) {
      ends.push(error);
      throw error;
    }
  }),
  streaming(method("First"), async (call) => {
    for await (const message of call.messages()) return call.write(message);
  }),
];

const listener = net.createServer((socket) => void serveGrpc(socket, methods));
beforeAll(async () => {
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  port = (listener.address() as AddressInfo).port;
  client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
});
afterAll(() => {
  client.close();
  listener.close();
});

/** One message, and what comes back of it. */
function ask(name: string, message: Buffer): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  client.makeUnaryRequest(`/test.Echo/${name}`, same, same, message, (error, answer) =>
    error ? reject(error) : resolve(answer!),
  );
  return promise;
}

const open = (name: string, metadata = new Metadata()) =>
  client.makeBidiStreamRequest(`/test.Echo/${name}`, same, same, metadata);

describe("calls of another implementation's client", () => {
  it("have their answer, however large", async () => {
    const message = Buffer.alloc(9_000_000, "x");
    expect((await ask("One", message)).equals(message)).toBe(true);
    expect((await ask("One", Buffer.alloc(0))).length).toBe(0);
  });

  it("stream both ways at once, in order, with several messages in one write", async () => {
    const metadata = new Metadata();
    metadata.add("x-of-the-call", "one");
    metadata.add("x-of-the-call", "two");
    const call = open("Many", metadata);
    const sent = Array.from({ length: 500 }, (_, index) => Buffer.alloc(1 + ((index * 37) % 5_000), index));
    for (const message of sent) call.write(message);
    call.end();
    const received = (await call.toArray()) as Buffer[];
    expect(received.length).toBe(1_000);
    expect(Buffer.concat(received).equals(Buffer.concat(sent.flatMap((message) => [message, message])))).toBe(true);
    expect(heard.at(-1)).toBe("one, two");
  });

  it("are told a status with its words, in any script, and an error of the program as unknown", async () => {
    await expect(ask("One", Buffer.from("fail größer 100% → 火\n"))).rejects.toMatchObject({
      code: status.NOT_FOUND,
      details: "größer 100% → 火\n",
    });
    await expect(ask("One", Buffer.from("break"))).rejects.toMatchObject({
      code: status.UNKNOWN,
      details: "an error of the program",
    });
    await expect(ask("Absent", Buffer.from("x"))).rejects.toMatchObject({
      code: status.UNIMPLEMENTED,
      details: "there is no method /test.Echo/Absent",
    });
    const silent = open("One");
    silent.end();
    await expect(silent.toArray()).rejects.toMatchObject({ details: "the call has no message" });
  });

  it("hold the server back while they are not read, and end it when they are given up", async () => {
    const call = open("Flood");
    const closed = once(call, "error");
    await once(call, "readable");
    call.cancel();
    expect((await closed)[0]).toMatchObject({ code: status.CANCELLED });
    await expect.poll(() => ends.at(-1)).toMatchObject({ error: { code: status.CANCELLED } });
    // 64 KiB each: what the two windows and the buffers hold, and not what time would allow.
    expect((ends.at(-1) as { written: number }).written).toBeLessThan(400);
  });

  it.each(["Listen", "Hear"])("end when they have sent everything, to %s", async (name) => {
    heard.length = 0;
    const whole = open(name);
    const sent = Array.from({ length: 300 }, (_, index) => "x".repeat((index * 37) % 5_000) + index);
    for (const text of sent) whole.write(Buffer.from(text));
    whole.end();
    whole.resume();
    await once(whole, "end");
    expect(heard).toEqual(sent);
    expect(ends.at(-1)).toBe("ended");
  });

  it("are told what the server has against a message, and are heard no further", async () => {
    heard.length = 0;
    const call = open("Hear");
    for (const text of ["one", "break", "two"]) call.write(Buffer.from(text));
    await expect(call.toArray()).rejects.toMatchObject({ details: "an error of the program" });
    expect(heard).toEqual(["one"]);
  });

  it("end with the answer where the server needs no more of them", async () => {
    const call = open("First");
    call.write(Buffer.from("one"));
    call.write(Buffer.from("two"));
    expect((await call.toArray()).map(String)).toEqual(["one"]);
  });
});

describe("a connection of any kind", () => {
  it.each(["Listen", "Hear"])("is served, and every call on it ends with it: %s", async (name) => {
    ends.length = 0;
    // No socket: the pipes of an ssh command, or a stream inside of another protocol.
    const [here, there] = duplexPair();
    const server = serveGrpc(there, methods);
    const session = connect("http://localhost", { createConnection: () => here });
    session.on("error", () => {});
    const stream = session.request({ ":method": "POST", ":path": `/test.Echo/${name}` });
    stream.on("error", () => {});
    await once(stream, "response");
    server[Symbol.dispose]();
    await expect.poll(() => ends.at(-1)).toMatchObject({ code: GRPC_STATUS.cancelled });
    session.destroy();
  });

  it.each(
    ["Listen", "Hear"].flatMap((name) =>
      (
        [
          ["CANCEL, as BuildKit's do", 8],
          ["NO_ERROR", 0],
          ["INTERNAL_ERROR", 2],
        ] as const
      ).map(([reason, code]) => [reason, name, code] as const),
    ),
  )("has its calls cancelled, not ended, by a reset with %s: %s", async (_reason, name, code) => {
    const [here, there] = duplexPair();
    const server = serveGrpc(there, methods);
    const session = connect("http://localhost", { createConnection: () => here });
    session.on("error", () => {});
    const stream = session.request({ ":method": "POST", ":path": `/test.Echo/${name}` });
    stream.on("error", () => {});
    stream.write(frameMessages([Buffer.from(`half ${name} ${code}`)]));
    await expect.poll(() => heard.at(-1)).toBe(`half ${name} ${code}`);
    ends.push("nothing yet");
    // The frame by itself: Node's own client says first that it has sent everything.
    there.push(Buffer.from([0, 0, 4, 3, 0, 0, 0, 0, stream.id!, 0, 0, 0, code]));
    await expect.poll(() => ends.at(-1)).toMatchObject({ code: GRPC_STATUS.cancelled });
    server[Symbol.dispose]();
    session.destroy();
  });

  it("outlives a call that is given up in the packet that begins it", async () => {
    const [here, there] = duplexPair();
    const server = serveGrpc(there, methods);
    const session = connect("http://localhost", { createConnection: () => here });
    session.on("error", () => {});
    await once(session, "remoteSettings");
    const push = there.push.bind(there);
    const held: Buffer[] = [];
    there.push = (chunk: Buffer) => Boolean(held.push(chunk));
    const given = session.request({ ":method": "POST", ":path": "/test.Echo/Listen" });
    given.on("error", () => {});
    await expect.poll(() => held.length).toBeGreaterThan(0);
    there.push = push;
    there.push(Buffer.concat([...held, Buffer.from([0, 0, 4, 3, 0, 0, 0, 0, given.id!, 0, 0, 0, 8])]));
    const next = session.request({ ":method": "POST", ":path": "/test.Echo/One" });
    next.end(frameMessages([Buffer.from("still there")]));
    const answer = Buffer.concat((await next.toArray()) as Buffer[]);
    expect(answer.equals(frameMessages([Buffer.from("still there")]))).toBe(true);
    server[Symbol.dispose]();
    session.destroy();
  });

  it("that does not speak HTTP/2 is closed", async () => {
    const socket = net.connect(port, "127.0.0.1");
    socket.end("GET / HTTP/1.1\r\n\r\n");
    socket.resume();
    await once(socket, "close");
  });
});

/** Two ends of one stream. */
function duplexPair(): [Duplex, Duplex] {
  const ends: Duplex[] = [0, 1].map(
    (side) =>
      new Duplex({
        read() {},
        write(chunk: Buffer, _encoding, callback) {
          ends[1 - side]!.push(chunk);
          callback();
        },
        final(callback) {
          ends[1 - side]!.push(null);
          callback();
        },
      }),
  );
  return ends as [Duplex, Duplex];
}
