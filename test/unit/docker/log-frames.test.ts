import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EngineProtocolError } from "../../../sdk/docker/errors.ts";
import { readLogFrames } from "../../../sdk/docker/log-frames.ts";

function frame(kind: number, data: Uint8Array): Buffer {
  const header = Buffer.alloc(8);
  header[0] = kind;
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
}

async function read(bytes: Buffer, step: number): Promise<{ stdout: string; stderr: string }> {
  const all = { stdout: "", stderr: "" };
  async function* feed() {
    for (let i = 0; i < bytes.length; i += step) yield bytes.subarray(i, i + step);
  }
  for await (const { stream, data } of readLogFrames(feed())) all[stream] += data.toString("latin1");
  return all;
}

describe("readLogFrames", () => {
  it("tells the streams apart however the bytes arrive", async () => {
    const frames = fc.array(fc.tuple(fc.constantFrom(0, 1, 2), fc.uint8Array({ maxLength: 40 })));
    await fc.assert(
      fc.asyncProperty(frames, fc.integer({ min: 1, max: 50 }), async (list, step) => {
        const join = (wanted: (kind: number) => boolean) =>
          list.map(([kind, data]) => (wanted(kind) ? Buffer.from(data).toString("latin1") : "")).join("");
        const bytes = Buffer.concat(list.map(([kind, data]) => frame(kind, data)));
        expect(await read(bytes, step)).toEqual({
          stdout: join((kind) => kind < 2),
          stderr: join((kind) => kind === 2),
        });
      }),
    );
  });

  it.each([
    ["another protocol", Buffer.from("HTTP/1.1 200 OK"), "not in the engine's multiplexed form"],
    ["half a header", frame(1, Buffer.from("abc")).subarray(0, 5), "ends inside a frame"],
    ["half a frame", frame(1, Buffer.from("abc")).subarray(0, 9), "ends inside a frame"],
    ["an absurd length", Buffer.from([1, 0, 0, 0, 0xff, 0, 0, 0]), "a frame of"],
  ])("refuses %s", async (_name, bytes, reason) => {
    await expect(read(bytes, 64)).rejects.toBeInstanceOf(EngineProtocolError);
    await expect(read(bytes, 64)).rejects.toThrow(reason);
  });
});
