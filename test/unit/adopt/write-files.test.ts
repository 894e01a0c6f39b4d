import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeFiles } from "../../../provider/adopt/index.ts";
import { FilesExistError } from "../../../provider/errors.ts";

describe("writeFiles", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "nullspace-adopt-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const read = (name: string) => readFileSync(join(folder, name), "utf8");

  it("makes the folder, and writes all files or none", async () => {
    const out = join(folder, "a", "b");
    expect(await writeFiles(out, { one: "1", two: "2" }, { force: false })).toEqual([
      join(out, "one"),
      join(out, "two"),
    ]);
    rmSync(join(out, "one"));
    const again = writeFiles(out, { one: "new", two: "new" }, { force: false });
    await expect(again).rejects.toThrow(FilesExistError);
    await expect(again).rejects.toThrow(`${join(out, "two")} exists already`);
    expect(readdirSync(out)).toEqual(["two"]);
  });

  it("overwrites with force, and never what a link leads to", async () => {
    writeFileSync(join(folder, "target"), "kept");
    symlinkSync("target", join(folder, "one"));
    symlinkSync("nowhere", join(folder, "two"));
    await expect(writeFiles(folder, { one: "1", two: "2" }, { force: false })).rejects.toThrow(/one and .*two exist/);
    await writeFiles(folder, { one: "1", two: "2" }, { force: true });
    expect([read("one"), read("two"), read("target")]).toEqual(["1", "2", "kept"]);
    expect(readdirSync(folder).sort()).toEqual(["one", "target", "two"]);
  });
});
