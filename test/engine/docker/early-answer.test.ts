import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { type BuildProgress, DockerEngine, ImageBuildError } from "../../../sdk/docker/index.ts";
import { startPretender } from "./pretender.ts";

const IMAGE_ID = `sha256:${"a".repeat(64)}`;
const CHUNK_BYTES = 65_536;
/** More than the sockets and buffers on the way hold. */
const CONTEXT_BYTES = 64 * 1024 * 1024;

/** A context that says how much of it was asked for. */
function countedContext(): { context: Readable; readonly sentBytes: number } {
  let sentBytes = 0;
  const chunks = function* () {
    for (; sentBytes < CONTEXT_BYTES; sentBytes += CHUNK_BYTES) yield Buffer.alloc(CHUNK_BYTES);
  };
  return {
    context: Readable.from(chunks(), { objectMode: false }),
    get sentBytes() {
      return sentBytes;
    },
  };
}

const records = (...all: object[]) => all.map((record) => `${JSON.stringify(record)}\r\n`).join("");

/** An answer as it is on the wire, whatever has been read of the request. */
function answerRaw({ socket }: IncomingMessage, status: string, body: string, headers = ""): void {
  socket.write(`HTTP/1.1 ${status}\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

describe.each(["buildkit", "classic"] as const)(
  "an engine that answers a %s build before it has the context",
  (builder) => {
    it("has its progress read while the context is on its way", async () => {
      const { promise: isSeen, resolve: see } = Promise.withResolvers<void>();
      await using server = await startPretender({
        onBuild: (request, response) => {
          response.write(records({ stream: "early\n" }));
          void isSeen.then(() =>
            request.resume().once("end", () => response.end(records({ stream: "late\n" }, { aux: { ID: IMAGE_ID } }))),
          );
        },
      });
      const engine = new DockerEngine({ host: server.host, env: {} });
      const counted = countedContext();
      const build = engine.build({ context: counted.context, builder });
      let sentFirst: number | undefined;
      for await (const _ of build.records()) {
        sentFirst ??= counted.sentBytes;
        see();
      }
      expect(await build.done).toEqual({ imageId: IMAGE_ID });
      expect(sentFirst).toBeLessThan(CONTEXT_BYTES);
      expect(counted.sentBytes).toBe(CONTEXT_BYTES);
      await engine.close();
    });

    it.each([
      ["leaves the connection open", ""],
      ["closes its end", "connection: close\r\n"],
    ])("and never wants it ends the build, where it %s", async (_name, headers) => {
      await using server = await startPretender({
        onBuild: (request) => {
          answerRaw(request, "200 OK", records({ stream: "early\n" }, { aux: { ID: IMAGE_ID } }), headers);
          if (headers) request.socket.end();
        },
      });
      const engine = new DockerEngine({ host: server.host, env: {} });
      const counted = countedContext();
      const build = engine.build({ context: counted.context, builder });
      const kinds: BuildProgress["kind"][] = [];
      for await (const { kind } of build) kinds.push(kind);
      expect(kinds.at(-1)).toBe("image");
      expect(await build.done).toEqual({ imageId: IMAGE_ID });
      expect(counted.sentBytes).toBeLessThan(CONTEXT_BYTES);
      expect(counted.context.destroyed).toBe(true);
      await engine.close();
    });

    it.each([
      ["at once, and leaves the connection open", 0, ""],
      ["at once, and closes its end", 0, "connection: close\r\n"],
      ["after a part of it, and leaves the connection open", 1_000_000, ""],
      ["after a part of it, and closes its end", 1_000_000, "connection: close\r\n"],
    ])("has its refusal told: %s", async (_name, afterBytes, headers) => {
      for (const status of ["400 Bad Request", "500 Internal Server Error"]) {
        await using server = await startPretender({
          onBuild: (request) => {
            const refuse = () => {
              request.pause();
              answerRaw(request, status, '{"message":"no such thing"}', headers);
              if (headers) request.socket.end();
            };
            let bytes = 0;
            if (afterBytes === 0) refuse();
            else
              request.on("data", (chunk: Buffer) => {
                const before = bytes;
                bytes += chunk.length;
                if (before < afterBytes && bytes >= afterBytes) refuse();
              });
          },
        });
        const engine = new DockerEngine({ host: server.host, env: {} });
        const counted = countedContext();
        const error = await engine.build({ context: counted.context, builder }).done.catch((cause: unknown) => cause);
        expect(error).toBeInstanceOf(ImageBuildError);
        expect(error).toMatchObject({
          builderMessage: "no such thing",
          cause: { status: Number.parseInt(status, 10) },
        });
        expect(counted.sentBytes).toBeLessThan(CONTEXT_BYTES);
        expect(counted.context.destroyed).toBe(true);
        await engine.close();
      }
    });
  },
);
