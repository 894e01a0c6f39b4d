import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EngineProtocolError } from "../../../sdk/docker/errors.ts";
import { readJsonRecords } from "../../../sdk/docker/json-records.ts";

async function read(chunks: Uint8Array[]): Promise<unknown[]> {
  const all: unknown[] = [];
  async function* feed() {
    yield* chunks;
  }
  for await (const record of readJsonRecords(feed())) all.push(record);
  return all;
}

/** Cuts bytes at the given places, in the middle of characters too. */
function cut(bytes: Buffer, places: number[]): Buffer[] {
  const at = [...new Set([0, ...places.map((place) => place % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

describe("readJsonRecords", () => {
  it("gives back any objects, whatever separates them and wherever the stream is cut", async () => {
    const record = fc.dictionary(fc.string(), fc.jsonValue());
    const separator = fc.constantFrom("", "\n", "\r\n", "  ");
    await fc.assert(
      fc.asyncProperty(fc.array(record), separator, fc.array(fc.nat()), async (records, between, places) => {
        const bytes = Buffer.from(records.map((one) => JSON.stringify(one) + between).join(""));
        const expected = records.map((one) => JSON.parse(JSON.stringify(one)) as unknown);
        expect(await read(cut(bytes, places))).toEqual(expected);
      }),
    );
  });

  it.each([
    ['{"stream":"a', "ends inside a record"],
    ['{"stream":"a"}{', "ends inside a record"],
    ["<html>no</html>", "ends inside a record"],
    ["{nonsense}", "not JSON"],
    ["[1]", "something other than objects"],
  ])("refuses %s", async (text, reason) => {
    await expect(read([Buffer.from(text)])).rejects.toBeInstanceOf(EngineProtocolError);
    await expect(read([Buffer.from(text)])).rejects.toThrow(reason);
  });
});
