import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type ContextLimitError, type ContextOptions, readContext } from "../../../sdk/context/index.ts";
import { tree } from "./support/trees.ts";

// A large tree that nobody has read is digested while it is walked. Git's rules, which may take back what was walked, are
// never read so: where neither has a rule to apply, both have to come to the same.

const FILES = 6_000;
const contentOf = (i: number) => (i % 900 === 1 ? "large ".repeat(300_000) : `content ${i}`);

function largeTree(): string {
  const files = Array.from({ length: FILES }, (_, i) => [`d${i % 40}/f${i}`, contentOf(i)] as const);
  return tree({
    ...Object.fromEntries(files),
    "d0/run": { exec: "#!/bin/sh\n" },
    "d1/link": { link: "../d0/f0" },
    "d39/last": "",
  });
}

const read = (dir: string, more: Partial<ContextOptions> = {}) =>
  readContext({ dir, dockerfile: false, statCache: false, ...more });

const failure = (dir: string, more: Partial<ContextOptions>) =>
  read(dir, more).then(
    () => expect.fail("it was read"),
    (error: unknown) => error as ContextLimitError,
  );

describe("a large tree that is digested while it is walked", { timeout: 120_000 }, () => {
  it("is the same as one that is walked first", async () => {
    const dir = largeTree();
    const after = await read(dir, { ignoreSyntax: "gitignore" });
    // With threads that have to start, and with some that wait.
    for (let round = 0; round < 4; round++) {
      const ahead = await read(dir);
      expect(ahead.hash).toBe(after.hash);
      expect(ahead.manifest).toEqual(after.manifest);
      expect(ahead.entries).toEqual(after.entries);
    }
    const digests = new Map(after.entries.map(({ path, sha256 }) => [path, sha256]));
    for (let i = 0; i < FILES; i++)
      expect(digests.get(`d${i % 40}/f${i}`)).toBe(createHash("sha256").update(contentOf(i)).digest("hex"));
  });

  it("shows each change, one made a moment ago too", async () => {
    const dir = largeTree();
    const hashes = new Set<string>();
    for (let round = 0; round < 6; round++) {
      for (const name of ["d0/f0", "d1/f2001", "d39/last"]) writeFileSync(join(dir, name), `${round}`);
      const { hash } = await read(dir);
      expect((await read(dir, { ignoreSyntax: "gitignore" })).hash).toBe(hash);
      hashes.add(hash);
    }
    expect(hashes.size).toBe(6);
  });

  it.each([
    [
      "a limit of the whole tree before that of a file",
      { limits: { entries: 5_000, fileBytes: 1_000 } },
      "too_many_entries",
    ],
    ["a file over its limit", { limits: { fileBytes: 1_000 } }, "file_too_large"],
    ["a sum over its limit", { limits: { bytes: 100_000 } }, "context_too_large"],
  ])("says the same of %s", async (_, options, code) => {
    const dir = largeTree();
    const after = await failure(dir, { ...options, ignoreSyntax: "gitignore" });
    for (let round = 0; round < 3; round++) {
      const ahead = await failure(dir, options);
      expect([after.code, ahead.code]).toEqual([code, code]);
      // Which one of several files is found first is a matter of chance.
      if (code !== "file_too_large") expect(ahead.largest).toEqual(after.largest);
    }
  });
});
