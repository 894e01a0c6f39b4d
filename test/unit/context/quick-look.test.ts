import { lstatSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emptyDirectoryTable } from "../../../sdk/context/table/directory-table.ts";
import { emptyTable } from "../../../sdk/context/table/entry-table.ts";
import { halvesOf, signedAt, unsignedAt } from "../../../sdk/context/table/number-view.ts";
import { TextColumnBuilder } from "../../../sdk/context/table/text-column.ts";
import { recordFile } from "../../../sdk/context/walk/file-identity.ts";
import { isSameDirectory, isSameFile, quickTable } from "../../../sdk/context/walk/quick-look.ts";
import { pathBelow, pathsBelow, treeRoot } from "../../../sdk/context/walk/tree-root.ts";
import { temporaryFolder } from "./support/trees.ts";

function column(texts: readonly string[]) {
  const builder = new TextColumnBuilder();
  for (const text of texts) builder.add(text);
  return builder.build();
}

/** Seconds since 1970, with microseconds, which `utimes` takes: from 1901 to 2100, as far back as ext4 goes. */
const time = fc.integer({ min: -2_147_483_648_000_000, max: 4_102_444_800_000_000 }).map((micros) => micros / 1e6);

/** 64-bit integers, many of them where numbers begin to round, and beside a second, a microsecond and a power of two. */
function whole(least: bigint, most: bigint) {
  const edges = [
    0n,
    1_000n,
    1_000_000_000n,
    1_800_000_000_000_000_000n,
    ...[31n, 32n, 52n, 53n, 54n, 62n, 63n].map((bits) => 1n << bits),
  ];
  const beside = fc
    .tuple(fc.constantFrom(...edges, ...edges.map((edge) => -edge)), fc.bigInt({ min: -1_025n, max: 1_025n }))
    .map(([edge, off]) => edge + off)
    .filter((value) => value >= least && value <= most);
  return fc.oneof(beside, fc.bigInt({ min: least, max: most }));
}

describe("a quick look", () => {
  it("takes a file and a directory as the same with the times that the system says, whatever they are", () => {
    const folder = temporaryFolder();
    const [file, directory] = [join(folder, "file"), join(folder, "directory")];
    writeFileSync(file, "content");
    mkdirSync(directory);
    const table = emptyTable(column(["file"]), column([""]));
    fc.assert(
      fc.property(time, (seconds) => {
        for (const path of [file, directory]) utimesSync(path, seconds, seconds);
        recordFile(table, 0, lstatSync(file, { bigint: true }), true);
        expect(isSameFile(quickTable(table), 0, lstatSync(file))).toBe(true);
        const stats = lstatSync(directory, { bigint: true });
        const directories = emptyDirectoryTable(column(["directory"]), stats.dev);
        directories.mtimes[0] = stats.mtimeNs;
        directories.ctimes[0] = stats.ctimeNs;
        directories.inodes[0] = stats.ino;
        expect(isSameDirectory(quickTable(directories), 0, lstatSync(directory))).toBe(true);
        // Each by itself tells a change.
        for (const changed of [
          { mtimes: BigInt64Array.of(stats.mtimeNs + 2_000n) },
          { mtimes: BigInt64Array.of(stats.mtimeNs - 2_000n) },
          { ctimes: BigInt64Array.of(stats.ctimeNs + 2_000n) },
          { inodes: BigUint64Array.of(stats.ino + 1n) },
          { device: stats.dev + 1n },
        ]) {
          expect(isSameDirectory(quickTable({ ...directories, ...changed }), 0, lstatSync(directory))).toBe(false);
        }
        const { mtimes, ctimes, inodes, sizes } = table;
        for (const changed of [
          { mtimes: BigInt64Array.of(mtimes[0]! + 2_000n) },
          { ctimes: BigInt64Array.of(ctimes[0]! - 2_000n) },
          { inodes: BigUint64Array.of(inodes[0]! + 1n) },
          { sizes: Float64Array.of(sizes[0]! + 1) },
          { isSettled: Uint8Array.of(0) },
        ]) {
          expect(isSameFile(quickTable({ ...table, ...changed }), 0, lstatSync(file))).toBe(false);
        }
      }),
    );
    expect(isSameFile(quickTable(table), 0, lstatSync(directory))).toBe(false);
  });

  it("reads a column of 64-bit integers as the numbers that its bigints make", () => {
    fc.assert(
      fc.property(fc.array(whole(-(1n << 63n), (1n << 63n) - 1n)), fc.nat({ max: 3 }), (values, skipped) => {
        const column = BigInt64Array.from(values).subarray(skipped);
        const halves = halvesOf(column);
        for (const [index, value] of column.entries()) expect(signedAt(halves, index)).toBe(Number(value));
      }),
      { numRuns: 1_000 },
    );
    fc.assert(
      fc.property(fc.array(whole(0n, (1n << 64n) - 1n)), (values) => {
        const column = BigUint64Array.from(values);
        const halves = halvesOf(column);
        for (const [index, value] of column.entries()) expect(unsignedAt(halves, index)).toBe(Number(value));
      }),
      { numRuns: 1_000 },
    );
  });

  it("looks where each entry is, whatever bytes are in its path and in that of the root", () => {
    const name = fc.string({ unit: fc.integer({ min: 1, max: 255 }).map((byte) => String.fromCharCode(byte)) });
    fc.assert(
      fc.property(fc.array(name), name, fc.nat(), fc.nat(), (names, root, a, b) => {
        const [start, end] = [a % (names.length + 1), b % (names.length + 1)].sort((x, y) => x - y) as [number, number];
        const place = treeRoot(Buffer.from(`/${root}`, "latin1"));
        const each = names.slice(start, end).map((entry) => pathBelow(place, entry));
        expect(pathsBelow(place, column(names), start, end)).toEqual(each);
      }),
    );
  });
});
