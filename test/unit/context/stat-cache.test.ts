import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readContext } from "../../../sdk/context/index.ts";
import { ContextMemo } from "../../../sdk/context/cache/context-memo.ts";
import { readStatCache, writeStatCache } from "../../../sdk/context/cache/stat-cache-file.ts";
import { DirectoryTableBuilder } from "../../../sdk/context/table/directory-table.ts";
import { EntryTableBuilder } from "../../../sdk/context/table/entry-table-builder.ts";
import { DIGEST_BYTES, setDigest } from "../../../sdk/context/table/entry-table.ts";
import { FILE, SYMLINK } from "../../../sdk/context/table/kind.ts";
import { type EarlierReading, earlierReading } from "../../../sdk/context/walk/earlier-reading.ts";
import { recordFile } from "../../../sdk/context/walk/file-identity.ts";
import { runRead } from "../../../sdk/context/walk/run-read.ts";
import { treeRoot } from "../../../sdk/context/walk/tree-root.ts";
import type { ReadJob } from "../../../sdk/context/walk/job.ts";
import type { ReadResult } from "../../../sdk/context/walk/read-tree.ts";
import { plant, temporaryFolder, tree } from "./support/trees.ts";

const spec = () => Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`d${i % 5}/f${i}`, `content ${i}`]));

describe("the stat cache", { timeout: 60_000 }, () => {
  it("gives the hash that reading every file gives, after every kind of edit", async () => {
    const dir = tree(spec());
    const cache = join(temporaryFolder(), "sub", "cache");
    await sleep(80); // The files settle, so that the cache is used at all.
    const edits: (() => void)[] = [
      () => undefined,
      () => writeFileSync(join(dir, "d0/f0"), "content X"),
      () => {
        // Same size, same times: only the inode and the change time tell.
        const { atime, mtime } = statSync(join(dir, "d1/f1"));
        writeFileSync(join(dir, "d1/f1"), "content Y");
        utimesSync(join(dir, "d1/f1"), atime, mtime);
      },
      () => renameSync(join(dir, "d2/f2"), join(dir, "d2/f7")),
      () => writeFileSync(join(dir, "new"), ""),
    ];
    for (const edit of edits) {
      edit();
      const fresh = await readContext({ dir, dockerfile: false, statCache: false });
      const remembered = await readContext({ dir, dockerfile: false });
      const kept = await readContext({ dir, dockerfile: false, statCache: cache });
      expect([remembered.hash, kept.hash]).toEqual([fresh.hash, fresh.hash]);
    }
  });

  it("gives that hash in a tree so large that helpers look ahead, whatever became of its entries", async () => {
    const names = Array.from({ length: 45 }, (_, d) => Array.from({ length: 50 }, (_, f) => `d${d}/f${f}`)).flat();
    const dir = tree(Object.fromEntries(names.map((name) => [name, name])));
    const at = (path: string) => join(dir, path);
    const cache = join(temporaryFolder(), "cache");
    const read = (statCache: boolean | string) => readContext({ dir, dockerfile: false, statCache });
    await sleep(80); // The files settle, so that the cache is used at all.
    await read(true);
    await read(cache);
    const edits: (() => void)[] = [
      () => undefined,
      () => {
        writeFileSync(at("d0/f0"), "other");
        writeFileSync(at("d44/f9"), "other");
        chmodSync(at("d43/f4"), 0o755);
        renameSync(at("d1/f1"), at("d1/renamed"));
        rmSync(at("d2"), { recursive: true });
      },
      () => {
        for (const path of ["d3/f0", "d4/f0", "d5/f0"]) rmSync(at(path));
        plant(dir, { "d3/f0/now": "a directory", "d4/f0": { link: "f1" }, "d5/f0": "", "d5/f00": "new", "0": "" });
        rmSync(at("d6"), { recursive: true });
        plant(dir, { d6: "a file" });
      },
    ];
    for (const edit of edits) {
      edit();
      const [fresh, remembered, kept] = [await read(false), await read(true), await read(cache)];
      expect([remembered.hash, kept.hash]).toEqual([fresh.hash, fresh.hash]);
      expect([remembered.entries, remembered.totalBytes]).toEqual([fresh.entries, fresh.totalBytes]);
    }
  });

  it("is not fooled by an edit within the tick of the clock in which a file was read", async () => {
    const dir = tree({ a: "0" });
    const cache = join(temporaryFolder(), "cache");
    for (let i = 1; i <= 30; i++) {
      writeFileSync(join(dir, "a"), String(i % 10));
      const kept = await readContext({ dir, dockerfile: false, statCache: cache });
      const fresh = await readContext({ dir, dockerfile: false, statCache: false });
      expect(kept.hash).toBe(fresh.hash);
    }
  });

  it("takes a file that is torn, of another tree or of another version as none", async () => {
    const dir = tree({ a: "1" });
    const file = join(temporaryFolder(), "cache");
    const { table, hash } = await readContext({ dir, dockerfile: false, statCache: file });
    const whole = readFileSync(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await writeStatCache(file, "key", { table });
    expect(await readStatCache(file, "key")).toEqual({ table });
    expect(await readStatCache(file, "other")).toBeUndefined();
    expect(await readStatCache(`${file}.missing`, "key")).toBeUndefined();
    for (const bad of [
      whole.subarray(0, 40),
      Buffer.alloc(0),
      Buffer.concat([Buffer.from("x"), whole]),
      Buffer.from(whole).fill(7, 60, 70),
    ]) {
      writeFileSync(file, bad);
      expect((await readContext({ dir, dockerfile: false, statCache: file })).hash).toBe(hash);
    }
  });

  it("gives back what was put into it, however long paths, links and the rest are", async () => {
    const file = join(temporaryFolder(), "cache");
    const own = statSync(tree({ a: "1" }), { bigint: true });
    const bytes = (max: number) =>
      fc.string({ unit: fc.integer({ min: 1, max: 255 }).map((byte) => String.fromCharCode(byte)), maxLength: max });
    const wide = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n });
    const entry = fc.record({ path: bytes(20), target: fc.option(bytes(9)), size: fc.nat(), ns: wide, ino: wide });
    const text = fc.string({ unit: "binary" });
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry),
        fc.option(fc.array(bytes(9), { minLength: 1 })),
        text,
        async (entries, places, key) => {
          const builder = new EntryTableBuilder();
          for (const { path, target } of entries)
            builder.add(path, target === null ? FILE : SYMLINK, target ?? undefined);
          const table = builder.build();
          for (const [index, { target, size, ns, ino }] of entries.entries()) {
            if (target !== null) continue;
            recordFile(
              table,
              index,
              { ...own, size: BigInt(size), mtimeNs: -ns, ctimeNs: ns, ino: 2n * ino },
              ns % 2n === 0n,
            );
            setDigest(table, index, String.fromCharCode(size % 256).repeat(DIGEST_BYTES));
          }
          const directories = new DirectoryTableBuilder();
          for (const [index, path] of (places ?? []).entries())
            directories.add(path, { ...own, ino: BigInt(index) }, true);
          const whole = places && {
            job: key,
            directories: directories.build()!,
            result: { totalBytes: entries.length },
          };
          const reading = { table, ...(whole && { whole }) } as EarlierReading;
          await writeStatCache(file, key, reading);
          expect(await readStatCache(file, key)).toEqual(reading);
        },
      ),
    );
  });

  it("reads no file that is larger than any table", async () => {
    const file = join(temporaryFolder(), "image");
    writeFileSync(file, "");
    truncateSync(file, 2 ** 31 + 1);
    await expect(readStatCache(file, "key")).rejects.toThrow(`${file} is not a stat cache: it has 2147483649 bytes.`);
  });

  it("spares the reading of files that are the same", async () => {
    const dir = tree(spec());
    await sleep(80);
    const job = (root: string): ReadJob => ({
      root: treeRoot(Buffer.from(root)),
      ignore: {},
      symlinks: "keep",
      limits: { entries: 100, files: 100, bytes: 1e6, fileBytes: 1e6 },
      unsupported: "error",
      manifestEntries: 500,
      digests: "all",
    });
    const first = await runRead(job(dir));
    expect(first.filesRead).toBe(50);
    writeFileSync(join(dir, "d0/f0"), "changed");
    const second = await runRead(job(dir), { table: first.table });
    expect(second.filesRead).toBe(1);
    expect(second.identity?.hash).not.toBe(first.identity?.hash);
  });
});

describe("a tree that an earlier reading has seen", { timeout: 60_000 }, () => {
  const names = Array.from({ length: 10 }, (_, d) => Array.from({ length: 10 }, (__, f) => `d${d}/f${f}`)).flat();
  const job = (root: string): ReadJob => ({
    root: treeRoot(Buffer.from(root)),
    ignore: { patterns: ["**/*.log", "out"] },
    symlinks: "keep",
    limits: { entries: 1000, files: 1000, bytes: 1e6, fileBytes: 1e6 },
    unsupported: "list",
    manifestEntries: 500,
    digests: "all",
  });
  const settled = async () => {
    const dir = tree({
      ...Object.fromEntries(names.map((name) => [name, name])),
      "d0/link": { link: "f1" },
      "out/a": "",
      "a.log": "",
    });
    await sleep(80);
    const first = await runRead(job(dir));
    return { dir, first, earlier: earlierReading(job(dir), first) };
  };

  it("is not walked again while nothing has changed, nor for what is ignored below an ignored directory", async () => {
    const { dir, first, earlier } = await settled();
    const second = await runRead(job(dir), earlier);
    expect(second).toEqual({ ...first, filesRead: 0 });
    expect(second.table).toBe(first.table);
    writeFileSync(join(dir, "out/b"), "");
    expect((await runRead(job(dir), earlier)).table).toBe(first.table);
  });

  it("is walked again by other rules", async () => {
    const { dir, earlier } = await settled();
    const other = { ...job(dir), ignore: { patterns: ["d9"] } };
    expect((await runRead(other, earlier)).identity).toEqual((await runRead(other)).identity);
  });

  it("keeps what it proves in the file", async () => {
    const { earlier } = await settled();
    const file = join(temporaryFolder(), "cache");
    await writeStatCache(file, "key", earlier);
    expect(await readStatCache(file, "key")).toEqual(earlier);
    expect(earlier.whole?.directories.length).toBe(11);
  });

  it("is walked again when a directory had changed just before it was listed", async () => {
    const dir = tree(Object.fromEntries(names.map((name) => [name, name])));
    expect(earlierReading(job(dir), await runRead(job(dir))).whole).toBeUndefined();
  });

  const edits: Record<string, (at: (path: string) => string) => void> = {
    "a new file": (at) => writeFileSync(at("d3/new"), ""),
    "a new file at the top": (at) => writeFileSync(at("new"), ""),
    "a file less": (at) => rmSync(at("d3/f3")),
    "a file with another name": (at) => renameSync(at("d3/f3"), at("d3/g3")),
    "another file in its place": (at) => {
      writeFileSync(at("out/x"), "D3/F3");
      renameSync(at("out/x"), at("d3/f3"));
    },
    "other content of the same size, with the old time": (at) => {
      const { atime, mtime } = statSync(at("d3/f3"));
      writeFileSync(at("d3/f3"), "D3/F3");
      utimesSync(at("d3/f3"), atime, mtime);
    },
    "another mode": (at) => chmodSync(at("d3/f3"), 0o755),
    "a directory in a file's place": (at) => {
      rmSync(at("d3/f3"));
      mkdirSync(at("d3/f3"));
    },
    "a link in a file's place": (at) => {
      rmSync(at("d3/f3"));
      symlinkSync("f4", at("d3/f3"));
    },
    "a link to elsewhere": (at) => {
      rmSync(at("d0/link"));
      symlinkSync("f2", at("d0/link"));
    },
    "a directory more": (at) => mkdirSync(at("d3/sub")),
    "a directory less": (at) => rmSync(at("d3"), { recursive: true }),
    "two directories in each other's place": (at) => {
      renameSync(at("d3"), at("d"));
      renameSync(at("d4"), at("d3"));
      renameSync(at("d"), at("d4"));
    },
    "an ignored file that is one no more": (at) => renameSync(at("a.log"), at("a.txt")),
  };
  it.each(Object.keys(edits))("shows %s", async (name) => {
    const { dir, first, earlier } = await settled();
    edits[name]!((path) => join(dir, path));
    const second = await runRead(job(dir), earlier);
    const fresh = await runRead(job(dir));
    expect(second.identity).toEqual(fresh.identity);
    expect(second.identity?.hash).not.toBe(first.identity?.hash);
    expect(second.ignored).toEqual(fresh.ignored);
  });
});

describe("the memo", { timeout: 60_000 }, () => {
  const job = { root: treeRoot(Buffer.from("/x")) } as ReadJob;
  const result = { table: { length: 1 } } as ReadResult;

  it("makes equal readings that overlap one, and later ones new", async () => {
    const memo = new ContextMemo();
    let readings = 0;
    const gate = Promise.withResolvers<ReadResult>();
    const read = () => (readings++, gate.promise);
    const waiting = [
      memo.read(job, read),
      memo.read(job, read),
      memo.read({ ...job, root: treeRoot(Buffer.from("/y")) }, read),
    ];
    gate.resolve(result);
    await Promise.all(waiting);
    expect(readings).toBe(2);
    await memo.read(job, (previous) => {
      readings++;
      expect(previous?.table).toBe(result.table);
      return Promise.resolve(result);
    });
    expect(readings).toBe(3);
  });

  it("keeps what it knows by sources: neither shares a reading with another set, nor pushes its table out", async () => {
    const memo = new ContextMemo();
    const sets = [undefined, ["a"], ["a", "b"]];
    const results = sets.map((_, index) => ({ table: { length: index + 1 } }) as ReadResult);
    const readAll = (previous: (index: number) => unknown) =>
      Promise.all(
        sets.map((sources, index) =>
          memo.read({ ...job, sources }, (known) => {
            expect(known?.table).toBe(previous(index));
            return Promise.resolve(results[index]!);
          }),
        ),
      );
    expect(await readAll(() => undefined)).toEqual(results);
    expect(await readAll((index) => results[index]!.table)).toEqual(results);
  });

  it("ends a reading only when the last who waits for it gives up, and starts a new one for the next", async () => {
    const memo = new ContextMemo();
    const signals: AbortSignal[] = [];
    const read = (_: unknown, signal: AbortSignal) => {
      signals.push(signal);
      return new Promise<ReadResult>((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason as Error)),
      );
    };
    const [first, second] = [new AbortController(), new AbortController()];
    const waiting = [memo.read(job, read, first.signal), memo.read(job, read, second.signal)];
    first.abort(new Error("first"));
    await expect(waiting[0]).rejects.toThrow("first");
    expect(signals[0]!.aborted).toBe(false);
    second.abort(new Error("second"));
    await expect(waiting[1]).rejects.toThrow("second");
    expect(signals[0]!.aborted).toBe(true);
    await expect(memo.read(job, () => Promise.resolve(result))).resolves.toBe(result);
  });

  it("gives a failure to all who wait, and tries again for the next", async () => {
    const memo = new ContextMemo();
    const failing = () => Promise.reject(new Error("no"));
    const outcomes = await Promise.allSettled([memo.read(job, failing), memo.read(job, failing)]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await expect(memo.read(job, () => Promise.resolve(result))).resolves.toBe(result);
  });
});
