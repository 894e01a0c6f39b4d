import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createSecureServer, createServer as createHttp2Server } from "node:http2";
import net, { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import tls from "node:tls";
import { type Metadata, Server, ServerCredentials, type ServerDuplexStream, status } from "@grpc/grpc-js";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GrpcChannel } from "../../../sdk/docker/grpc/grpc-channel.ts";
import { frameMessages, MessageSplitter } from "../../../sdk/docker/grpc/grpc-framing.ts";
import { GrpcStatusError } from "../../../sdk/docker/grpc/grpc-status.ts";
import { makeCertificates } from "../../engine/docker/certificates.ts";

const never = new AbortController().signal;
const bytes = { encode: (message: Buffer) => message, decode: (message: Uint8Array) => Buffer.from(message) };

const echo = (name: string) => ({ path: `/test.Echo/${name}`, request: bytes, response: bytes });

const server = new Server();
let port: number;
let cancelled: Promise<unknown>;

const method = (path: string, isStream: boolean) => ({
  path: `/test.Echo/${path}`,
  requestStream: isStream,
  responseStream: isStream,
  requestSerialize: bytes.encode,
  requestDeserialize: bytes.decode,
  responseSerialize: bytes.encode,
  responseDeserialize: bytes.decode,
});

beforeAll(async () => {
  server.addService(
    {
      One: method("One", false),
      Many: method("Many", true),
      Hang: method("Hang", true),
      Headers: method("Headers", false),
    },
    {
      One(call: { request: Buffer }, callback: (error: object | null, answer?: Buffer) => void) {
        const text = String(call.request);
        if (text.startsWith("fail ")) callback({ code: status.NOT_FOUND, details: text.slice("fail ".length) });
        else callback(null, call.request);
      },
      Headers(
        call: { request: Buffer; metadata: Metadata },
        callback: (error: object | null, answer?: Buffer) => void,
      ) {
        const values = String(call.request)
          .split(" ")
          .flatMap((name) => call.metadata.get(name).map(String));
        callback(null, Buffer.from(values.join(",")));
      },
      Many(call: ServerDuplexStream<Buffer, Buffer>) {
        call.on("data", (message: Buffer) => call.write(message));
        call.on("end", () => call.end());
      },
      Hang(call: ServerDuplexStream<Buffer, Buffer>) {
        cancelled = once(call, "cancelled");
        call.write(Buffer.from("begun"));
      },
    },
  );
  port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
});
afterAll(() => server.forceShutdown());

async function connect(to = port): Promise<GrpcChannel> {
  const socket = net.connect(to, "127.0.0.1");
  await once(socket, "connect");
  return GrpcChannel.open(socket, "localhost", never);
}

async function withChannel<T>(use: (channel: GrpcChannel) => Promise<T>): Promise<T> {
  const channel = await connect();
  try {
    return await use(channel);
  } finally {
    channel.close();
  }
}

/** A server of this process that is none of gRPC's. @returns its port, and how to end it */
async function listening(other: net.Server): Promise<{ port: number; close: () => void }> {
  other.listen(0, "127.0.0.1");
  await once(other, "listening");
  return { port: (other.address() as AddressInfo).port, close: () => void other.close() };
}

describe("gRPC with the server of another implementation", () => {
  it("gives an answer whole, however large", () =>
    withChannel(async (channel) => {
      const message = Buffer.alloc(3_500_000, "x");
      const call = channel.call(echo("One"));
      call.end(message);
      expect(Buffer.concat(await call.toArray()).equals(message)).toBe(true);
    }));

  it("streams both ways at once, in order, with as many messages as there are", () =>
    withChannel(async (channel) => {
      const messages = Array.from({ length: 2_000 }, (_, index) => Buffer.alloc(1 + (index % 3_000), index));
      const call = channel.call(echo("Many"));
      Readable.from(messages).pipe(call);
      expect(Buffer.concat(await call.toArray()).equals(Buffer.concat(messages))).toBe(true);
    }));

  it("tells a status with its words, in any script", () =>
    withChannel(async (channel) => {
      const call = channel.call(echo("One"));
      call.end(Buffer.from("fail größer 100% → 火"));
      await expect(call.toArray()).rejects.toMatchObject({ code: status.NOT_FOUND, details: "größer 100% → 火" });
      const absent = channel.call(echo("Absent"));
      absent.end(Buffer.from("x"));
      await expect(absent.toArray()).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
    }));

  it("sends the headers of the connection with every call, and those of a call before them", async () => {
    const socket = net.connect(port, "127.0.0.1");
    await once(socket, "connect");
    const channel = await GrpcChannel.open(socket, "localhost", never, { "x-team": "infra", "x-who": "all" });
    const call = channel.call(echo("Headers"), { "x-who": "this one" });
    call.end(Buffer.from("x-team x-who"));
    expect(String(Buffer.concat(await call.toArray()))).toBe("infra,this one");
    channel.close();
  });

  it("cancels on the server what is given up", () =>
    withChannel(async (channel) => {
      const call = channel.call(echo("Hang"));
      for await (const message of call) {
        expect(String(message)).toBe("begun");
        break;
      }
      await cancelled;
    }));

  it("fails every call when the connection breaks", async () => {
    const channel = await connect();
    const call = channel.call(echo("Hang"));
    await once(call, "readable");
    channel.close();
    await expect(call.toArray()).rejects.toBeInstanceOf(GrpcStatusError);
    expect(() => channel.call(echo("One"))).toThrow(GrpcStatusError);
  });
});

describe("gRPC with what is no such server", () => {
  it("is unavailable where HTTP/1.1 alone is spoken", async () => {
    const other = await listening(createHttpServer((_request, response) => response.end("hello")));
    await expect(connect(other.port)).rejects.toMatchObject({ code: status.UNAVAILABLE });
    other.close();
  });

  it("is unimplemented where HTTP/2 answers with a page", async () => {
    const other = await listening(
      createHttp2Server((_request, response) => {
        response.writeHead(404, { "content-type": "text/html" });
        response.end("<h1>no such page</h1>");
      }),
    );
    const channel = await connect(other.port);
    const call = channel.call(echo("One"));
    call.end(Buffer.from("x"));
    await expect(call.toArray()).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
    channel.close();
    other.close();
  });

  it("is unavailable at once where TLS wants a certificate that was not shown", async () => {
    const dir = await mkdtemp(join(tmpdir(), "nullspace-grpc-"));
    await makeCertificates(dir);
    const [key, cert, ca] = ["server-key.pem", "server.pem", "ca.pem"].map((name) => readFileSync(join(dir, name)));
    const strict = createSecureServer({ key, cert, ca, requestCert: true, rejectUnauthorized: true });
    strict.on("tlsClientError", () => {});
    const other = await listening(strict);
    const socket = tls.connect({ port: other.port, host: "127.0.0.1", ca, ALPNProtocols: ["h2"] });
    await once(socket, "secureConnect");
    const opening = GrpcChannel.open(socket, "localhost", never);
    await expect(opening).rejects.toMatchObject({
      code: status.UNAVAILABLE,
      details: expect.stringContaining("certificate required") as string,
    });
    other.close();
    await rm(dir, { recursive: true });
  });

  it("is given up when its signal aborts", async () => {
    const silent = await listening(net.createServer());
    const socket = net.connect(silent.port, "127.0.0.1");
    const reason = new Error("enough");
    const controller = new AbortController();
    const opening = GrpcChannel.open(socket, "localhost", controller.signal);
    controller.abort(reason);
    await expect(opening).rejects.toBe(reason);
    expect(socket.destroyed).toBe(true);
    silent.close();
  });
});

describe("messages in a stream of bytes", () => {
  it("come out as they went in, wherever the stream is cut", () => {
    const cuts = fc.array(fc.nat({ max: 400 }));
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }), cuts, (messages, at) => {
        const all = frameMessages(messages);
        const splitter = new MessageSplitter();
        const places = [0, ...at.map((place) => Math.min(place, all.length)).toSorted((a, b) => a - b), all.length];
        const out = places.slice(1).flatMap((end, index) => [...splitter.push(all.subarray(places[index], end))]);
        splitter.end();
        expect(out.map((one) => one.toString("hex"))).toEqual(messages.map((one) => Buffer.from(one).toString("hex")));
      }),
    );
  });

  it.each([
    ["ends inside a message", frameMessages([Buffer.from("hello")]).subarray(0, 7)],
    ["names a length beyond all measure", Buffer.from([0, 0xff, 0xff, 0xff, 0xff])],
    ["is compressed", Buffer.from([1, 0, 0, 0, 0])],
  ])("are refused when it %s", (_name, stream) => {
    const splitter = new MessageSplitter();
    expect(() => {
      for (const _message of splitter.push(stream)) continue;
      splitter.end();
    }).toThrow(GrpcStatusError);
  });
});
