import { hash, randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import fc from "fast-check";
import type { BlobBytes } from "../../../service/blobs/blob-bytes.ts";

/** A place for bytes that outlives the process that uses it. */
export interface BlobPlace {
  /** What a process that starts now has of it. */
  open(): BlobBytes;
}

/**
 * What every place for bodies has to do.
 *
 * @param makePlace an empty one
 */
export function blobBytesSuite(makePlace: () => BlobPlace): void {
  it("gives back what was kept, also to the next process", async () => {
    const place = makePlace();
    const bodies = [Buffer.alloc(0), Buffer.from("one"), randomBytes(3 * 1024 * 1024)];
    const bytes = place.open();
    for (const body of bodies) await bytes.put(digestOf(body), inPieces(body));
    for (const each of [bytes, place.open()]) {
      for (const body of bodies) expect(await digestIn(each, digestOf(body))).toBe(digestOf(body));
      expect(await each.sizes([...bodies.map(digestOf), digestOf(Buffer.from("other"))])).toEqual(
        new Map(bodies.map((body) => [digestOf(body), body.length])),
      );
      expect(await listed(each)).toEqual(bodies.map(digestOf).toSorted());
    }
  });

  it("keeps nothing of a body that ends in an error, and what was there before stays", async () => {
    const place = makePlace();
    const bytes = place.open();
    const body = randomBytes(300_000);
    const digest = digestOf(body);
    const cut = async function* () {
      yield body.subarray(0, 100_000);
      throw new Error("the sender has gone");
    };
    await expect(bytes.put(digest, cut())).rejects.toThrow("the sender has gone");
    expect(await bytes.sizes([digest])).toEqual(new Map());
    expect(await listed(bytes)).toEqual([]);
    await bytes.put(digest, inPieces(body));
    await expect(bytes.put(digest, cut())).rejects.toThrow("the sender has gone");
    for (const each of [bytes, place.open()]) {
      expect(await digestIn(each, digest)).toBe(digest);
    }
  });

  it("fails to open what is not there, and has nothing to remove", async () => {
    const bytes = makePlace().open();
    const digest = digestOf(Buffer.from("never"));
    await expect(bytes.open(digest).toArray()).rejects.toThrow();
    await bytes.remove(digest);
    expect(await bytes.sizes([])).toEqual(new Map());
  });

  it("takes one body many times at once", async () => {
    const bytes = makePlace().open();
    const body = randomBytes(500_000);
    const digest = digestOf(body);
    await Promise.all(Array.from({ length: 8 }, () => bytes.put(digest, inPieces(body))));
    expect(await digestIn(bytes, digest)).toBe(digest);
    expect(await listed(bytes)).toEqual([digest]);
  });

  it("holds what a map would, whatever comes and goes, and in whatever process", async () => {
    const bodies = Array.from({ length: 5 }, (_, index) => randomBytes(index * 1_000));
    const step = fc.record({
      what: fc.constantFrom("put", "remove", "restart"),
      body: fc.constantFrom(...bodies),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const place = makePlace();
        let bytes = place.open();
        const model = new Map<string, number>();
        for (const { what, body } of steps) {
          const digest = digestOf(body);
          if (what === "put") {
            await bytes.put(digest, inPieces(body));
            model.set(digest, body.length);
          } else if (what === "remove") {
            await bytes.remove(digest);
            model.delete(digest);
          } else {
            bytes = place.open();
          }
          expect(await bytes.sizes(bodies.map(digestOf))).toEqual(model);
          expect(await listed(bytes)).toEqual([...model.keys()].toSorted());
        }
      }),
      { numRuns: 25 },
    );
  });
}

function digestOf(body: Uint8Array): string {
  return hash("sha256", body);
}

/** Digest of the bytes that are kept under one. */
async function digestIn(bytes: BlobBytes, digest: string): Promise<string> {
  return digestOf(Buffer.concat(await bytes.open(digest).toArray()));
}

async function* inPieces(body: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < body.length; start += 64 * 1024) yield body.subarray(start, start + 64 * 1024);
}

async function listed(bytes: BlobBytes): Promise<string[]> {
  const digests: string[] = [];
  for await (const some of bytes.list()) digests.push(...some);
  return digests.toSorted();
}
