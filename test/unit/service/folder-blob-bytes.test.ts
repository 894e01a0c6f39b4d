import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { FolderBlobBytes } from "../../../service/blobs/folder-blob-bytes.ts";
import { blobBytesSuite } from "./blob-bytes.ts";

const root = mkdtempSync(join(tmpdir(), "nullspace-blobs-"));
let places = 0;

afterAll(() => rmSync(root, { recursive: true }));

function newFolder(): string {
  places += 1;
  return join(root, String(places));
}

describe("a folder", () => {
  blobBytesSuite(() => {
    const folder = newFolder();
    return { open: () => new FolderBlobBytes(folder) };
  });

  it("is cleared of what an earlier process left half-written, and of nothing else", async () => {
    const folder = newFolder();
    const digest = "a".repeat(64);
    const first = new FolderBlobBytes(folder);
    await first.put(digest, one("body"));
    writeFileSync(join(folder, "incoming", "in_half"), "half");
    writeFileSync(join(folder, "README"), "somebody's");
    const next = new FolderBlobBytes(folder);
    expect(readdirSync(join(folder, "incoming"))).toEqual([]);
    expect(readdirSync(folder).toSorted()).toEqual(["README", "aa", "incoming"]);
    expect(await next.sizes([digest])).toEqual(new Map([[digest, 4]]));
  });

  it("is its owner's alone", async () => {
    const folder = newFolder();
    const digest = "b".repeat(64);
    await new FolderBlobBytes(folder).put(digest, one("secret"));
    expect(statSync(join(folder, "bb", digest)).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "bb")).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, "incoming")).mode & 0o777).toBe(0o700);
  });
});

async function* one(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
