import { lstatSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emptyDirectoryTable } from "../../../sdk/context/table/directory-table.ts";
import { emptyTable } from "../../../sdk/context/table/entry-table.ts";
import { TextColumnBuilder } from "../../../sdk/context/table/text-column.ts";
import { recordFile } from "../../../sdk/context/walk/file-identity.ts";
import { isSameDirectory, isSameFile } from "../../../sdk/context/walk/quick-look.ts";
import { pathBelow, pathsBelow, treeRoot } from "../../../sdk/context/walk/tree-root.ts";
import { temporaryFolder } from "./support/trees.ts";

function column(texts: readonly string[]) {
  const builder = new TextColumnBuilder();
  for (const text of texts) builder.add(text);
  return builder.build();
}

/** Seconds since 1970, with microseconds, which `utimes` takes; up to the year 2100. */
const time = fc.integer({ min: 0, max: 4_102_444_800_000_000 }).map((micros) => micros / 1e6);

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
        expect(isSameFile(table, 0, lstatSync(file))).toBe(true);
        const stats = lstatSync(directory, { bigint: true });
        const directories = emptyDirectoryTable(column(["directory"]), stats.dev);
        directories.mtimes[0] = stats.mtimeNs;
        directories.ctimes[0] = stats.ctimeNs;
        directories.inodes[0] = stats.ino;
        expect(isSameDirectory(directories, 0, lstatSync(directory))).toBe(true);
        // Each by itself tells a change.
        for (const changed of [
          { mtimes: [stats.mtimeNs + 2_000n] },
          { mtimes: [stats.mtimeNs - 2_000n] },
          { ctimes: [stats.ctimeNs + 2_000n] },
          { inodes: [stats.ino + 1n] },
          { device: stats.dev + 1n },
        ]) {
          const other = { ...directories, ...changed } as unknown as typeof directories;
          expect(isSameDirectory(other, 0, lstatSync(directory))).toBe(false);
        }
        const { mtimes, ctimes, inodes, sizes } = table;
        for (const changed of [
          { mtimes: [mtimes[0]! + 2_000n] },
          { ctimes: [ctimes[0]! - 2_000n] },
          { inodes: [inodes[0]! + 1n] },
          { sizes: [sizes[0]! + 1] },
          { isSettled: [0] },
        ]) {
          expect(isSameFile({ ...table, ...changed } as unknown as typeof table, 0, lstatSync(file))).toBe(false);
        }
      }),
    );
    expect(isSameFile(table, 0, lstatSync(directory))).toBe(false);
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
