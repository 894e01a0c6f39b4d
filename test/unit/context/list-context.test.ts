import { appendFileSync, chmodSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import {
  type ContextTree,
  listContext,
  openContextFile,
  readContext,
  readContextFiles,
} from "../../../sdk/context/index.ts";
import { entryAt, findEntry, hasDigest } from "../../../sdk/context/table/entry-table.ts";
import { tree } from "./support/trees.ts";

const facts = ({ table }: ContextTree) =>
  Array.from({ length: table.length }, (_, index) => {
    const { path, type, mode, size, target } = entryAt(table, index);
    return { path, type, mode, size, target, mtime: table.mtimes[index] };
  });

describe("a listed context", { timeout: 60_000 }, () => {
  it("has the entries, sizes, modes and times of one that is read, by the same rules", async () => {
    const dir = tree({
      Dockerfile: "FROM x\n",
      ".dockerignore": "*.log\n!keep.log\n",
      "a.log": "",
      "keep.log": "1",
      "run.sh": { exec: "#!/bin/sh\n" },
      "deep/er/file": "content",
      link: { link: "deep/er/file" },
    });
    const [listed, read] = [await listContext({ dir }), await readContext({ dir, statCache: false })];
    expect(facts(listed)).toEqual(facts(read));
    expect(listed.dockerfile).toEqual(read.dockerfile);
  });

  it.each([
    ["few entries", 50, 1],
    ["so many that a thread is worth its start to read them", 600, 1],
    ["so many that a thread is worth its start to list them", 4_200, 1],
    ["few entries of many bytes", 12, 500_000],
    ["so many bytes to be read in any case that a thread is worth its start", 9, 2_000_000],
  ])("is the same with %s, wherever the work is done", async (_, files, bytes) => {
    const content = "x".repeat(bytes);
    const dir = tree(
      Object.fromEntries(Array.from({ length: files }, (_, i) => [`d${i % 7}/f${i}`, `${i}${content}`])),
    );
    // Some are to be read in any case.
    for (let i = 0; i < files; i += 3) utimesSync(join(dir, `d${i % 7}/f${i}`), 1_000_000_000, 1_000_000_000);
    const options = { dir, dockerfile: false } as const;
    const [listed, read] = [await listContext(options), await readContext({ ...options, statCache: false })];
    expect(facts(listed)).toEqual(facts(read));
    for (const name of ["d0/f0", "d3/f3"]) {
      const [one, other] = [listed, read].map(({ table }) => entryAt(table, findEntry(table, name)).sha256);
      expect(one).toBe(other);
    }
  });

  it("has the contents of its files, small and large, settled or written just now", async () => {
    const contents = Array.from({ length: 500 }, (_, i) => `${i}-`.repeat(i % 50 === 7 ? 60_000 : i));
    const dir = tree(Object.fromEntries(contents.map((content, i) => [`f${i}`, content])));
    const context = await listContext({ dir, dockerfile: false });
    const indices = contents.map((_, i) => findEntry(context.table, `f${i}`));
    // Twice: by the second time a thread waits for work.
    for (let round = 0; round < 2; round++) {
      const read = await readContextFiles(context, indices);
      expect(read.map((bytes) => Buffer.from(bytes).toString())).toEqual(contents);
    }
    writeFileSync(join(dir, "f499"), contents[499]!.replaceAll("4", "5"));
    const [changed] = await readContextFiles(context, [findEntry(context.table, "f499")]);
    expect(Buffer.from(changed!).toString()).toBe(contents[499]!.replaceAll("4", "5"));
    rmSync(join(dir, "f498"));
    await expect(readContextFiles(context, indices)).rejects.toMatchObject({ code: "file_changed" });
  });

  it("stops to read when its signal aborts, and lets others have their turn", async () => {
    const dir = tree(Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`f${i}`, "x".repeat(100_000)])));
    const context = await listContext({ dir, dockerfile: false });
    const indices = Array.from({ length: 600 }, (_, i) => findEntry(context.table, `f${i}`));
    const controller = new AbortController();
    setImmediate(() => controller.abort(new Error("enough")));
    await expect(readContextFiles(context, indices, { signal: controller.signal })).rejects.toThrow("enough");
  });

  it("reads those files alone whose times have no fraction of a second", async () => {
    const dir = tree({ fine: "1", coarse: "2" });
    utimesSync(join(dir, "coarse"), 1_000_000_000, 1_000_000_000);
    const { table } = await listContext({ dir, dockerfile: false });
    const read = await readContext({ dir, dockerfile: false, statCache: false });
    const [coarse, fine] = [findEntry(table, "coarse"), findEntry(table, "fine")];
    expect([hasDigest(table, coarse), hasDigest(table, fine)]).toEqual([true, false]);
    expect(entryAt(table, coarse)).toEqual(entryAt(read.table, coarse));
    // What was listed before is not taken for what was read.
    expect((await readContext({ dir, dockerfile: false })).hash).toBe(read.hash);
  });

  it("is what the tree is now, each time", async () => {
    const dir = tree({ f: "one", coarse: "two" });
    const write = (name: string, content: string) => {
      writeFileSync(join(dir, name), content);
      if (name === "coarse") utimesSync(join(dir, name), 1_000_000_000, 1_000_000_000);
    };
    for (let round = 0; round < 5; round++) {
      write("f", `${round}`.repeat(10 + round));
      write("coarse", `${round}`.repeat(3));
      const listed = await listContext({ dir, dockerfile: false });
      const read = await readContext({ dir, dockerfile: false, statCache: false });
      expect(facts(listed)).toEqual(facts(read));
      const coarse = findEntry(read.table, "coarse");
      expect(entryAt(listed.table, coarse)).toEqual(entryAt(read.table, coarse));
      await sleep(60);
    }
  });

  it("keeps to the limits, and names what cannot be sent", async () => {
    const dir = tree({ a: "12345", b: "12345" });
    await expect(listContext({ dir, dockerfile: false, limits: { bytes: 9 } })).rejects.toMatchObject({
      code: "context_too_large",
    });
    await expect(listContext({ dir, dockerfile: false, limits: { fileBytes: 4 } })).rejects.toMatchObject({
      code: "file_too_large",
    });
    await expect(listContext({ dir })).rejects.toMatchObject({ code: "dockerfile_not_found" });
  });

  it.each(["listed", "read"] as const)("that was %s gives many files at once, each as long as it was", async (how) => {
    const dir = tree({ a: "1", b: "", c: "three", "deep/d": "x".repeat(300_000) });
    const options = { dir, dockerfile: false } as const;
    const context = how === "listed" ? await listContext(options) : await readContext(options);
    const indices = ["deep/d", "b", "a", "c"].map((path) => findEntry(context.table, path));
    const contents = await readContextFiles(context, indices);
    expect(contents.map((bytes) => Buffer.from(bytes).toString())).toEqual(["x".repeat(300_000), "", "1", "three"]);
    expect(await readContextFiles(context, [])).toEqual([]);
    appendFileSync(join(dir, "a"), "2");
    await expect(readContextFiles(context, indices)).rejects.toMatchObject({ code: "file_changed", path: "a" });
    rmSync(join(dir, "c"));
    await expect(readContextFiles(context, [indices[3]!])).rejects.toMatchObject({ path: "c" });
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(readContextFiles(context, indices, { signal })).rejects.toThrow("enough");
    const controller = new AbortController();
    const reading = readContextFiles(context, [indices[0]!], { signal: controller.signal });
    controller.abort(new Error("enough of it"));
    await expect(reading).rejects.toThrow("enough of it");
  });

  it("opens a file as it is now, if it is as long, and waits until a later change would show", async () => {
    const dir = tree({ f: "before" });
    const listed = await listContext({ dir, dockerfile: false });
    writeFileSync(join(dir, "f"), "later!");
    const { mtimeNs } = statSync(join(dir, "f"), { bigint: true });
    expect(await text(openContextFile(listed, "f"))).toBe("later!");
    writeFileSync(join(dir, "f"), "newest");
    expect(statSync(join(dir, "f"), { bigint: true }).mtimeNs).not.toBe(mtimeNs);
    chmodSync(join(dir, "f"), 0o600);
    expect(await text(openContextFile(listed, "f"))).toBe("newest");
    appendFileSync(join(dir, "f"), "!");
    await expect(text(openContextFile(listed, "f"))).rejects.toMatchObject({ code: "file_changed", path: "f" });
  });
});
