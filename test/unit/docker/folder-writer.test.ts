import { chmod, mkdir, mkdtemp, readFile, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FolderWriter } from "../../../sdk/docker/session/filesync/folder-writer.ts";
import { GO_MODE, type ReceivedEntry } from "../../../sdk/docker/session/filesync/received-entry.ts";

let outside: string;
let dest: string;
let writer: FolderWriter;

beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), "nullspace-folder-"));
  dest = join(outside, "dest");
  writer = new FolderWriter(dest);
  await writer.begin();
});
afterEach(async () => {
  await writer[Symbol.asyncDispose]();
  await rm(outside, { recursive: true });
});

const entry = (path: string, facts: Partial<ReceivedEntry> = {}): ReceivedEntry => ({
  path,
  mode: 0o644,
  modTime: 0n,
  linkname: "",
  ...facts,
});
const folder = (path: string, mode = 0o755) => entry(path, { mode: GO_MODE.dir + mode });
const link = (path: string, linkname: string) => entry(path, { mode: GO_MODE.symlink + 0o777, linkname });

async function file(stat: ReceivedEntry, content: string): Promise<void> {
  const id = await writer.add(stat);
  if (id === undefined) throw new Error("its content is not wanted");
  expect(await writer.write(id, Buffer.from(content))).toBe(false);
  expect(await writer.write(id, Buffer.alloc(0))).toBe(true);
}

describe("a folder that a build's result is written to", () => {
  it("gets files, links, permissions and times, and keeps what else is there", async () => {
    await writeFile(join(dest, "kept"), "kept");
    await writer.add(folder("d", 0o555));
    await file(entry("d/f", { mode: 0o640, modTime: 10n ** 18n }), "content");
    await writer.add(entry("d/g", { linkname: "d/f" }));
    await writer.add(link("l", "/nowhere/at/all"));
    await writer.finish();
    expect(await readFile(join(dest, "d/g"), "utf8")).toBe("content");
    expect((await stat(join(dest, "d/f"))).mode & 0o7777).toBe(0o640);
    expect((await stat(join(dest, "d/f"))).mtimeMs).toBe(1e12);
    expect((await stat(join(dest, "d"))).mode & 0o7777).toBe(0o555);
    expect(await readlink(join(dest, "l"))).toBe("/nowhere/at/all");
    expect(await readFile(join(dest, "kept"), "utf8")).toBe("kept");
    await chmod(join(dest, "d"), 0o755);
  });

  it("gets no file that runs with its owner's rights", async () => {
    const setUserId = 0x0080_0000;
    await file(entry("su", { mode: setUserId + 0o755 }), "x");
    expect((await stat(join(dest, "su"))).mode & 0o7777).toBe(0o755);
  });

  it.each(["../x", "/x", "a/../../x", "a//x", "./x", "", ".", "..", "absent/x", "x\0y"])(
    "refuses the path %j",
    async (path) => {
      await writer.add(folder("a"));
      await expect(writer.add(entry(path))).rejects.toThrow("is not a path inside the folder");
    },
  );

  it("writes through no link of the result, and through none that lay there", async () => {
    await writer.add(link("a", outside));
    await expect(writer.add(entry("a/x"))).rejects.toThrow("is not a path inside the folder");
    await mkdir(join(outside, "elsewhere"));
    await symlink(join(outside, "elsewhere"), join(dest, "b"));
    await writer.add(folder("b"));
    await file(entry("b/x"), "inside");
    await writeFile(join(outside, "victim"), "untouched");
    await symlink(join(outside, "victim"), join(dest, "c"));
    await file(entry("c"), "replaced");
    await expect(stat(join(outside, "elsewhere", "x"))).rejects.toMatchObject({ code: "ENOENT" });
    expect(await readFile(join(dest, "b", "x"), "utf8")).toBe("inside");
    expect(await readFile(join(outside, "victim"), "utf8")).toBe("untouched");
    expect(await readFile(join(dest, "c"), "utf8")).toBe("replaced");
  });

  it("takes no entry for a second time, which might be a link by then", async () => {
    await writeFile(join(outside, "victim"), "untouched");
    await writer.add(folder("d"));
    const id = await writer.add(entry("f"));
    await expect(writer.add(link("f", join(outside, "victim")))).rejects.toThrow("order of a walk");
    await expect(writer.add(link("d", outside))).rejects.toThrow("order of a walk");
    await rm(join(dest, "f"));
    await symlink(join(outside, "victim"), join(dest, "f"));
    await expect(writer.write(id!, Buffer.from("x"))).rejects.toMatchObject({ code: "ELOOP" });
    expect(await readFile(join(outside, "victim"), "utf8")).toBe("untouched");
  });

  it("refuses a hard link to what did not come, a device, and content that nobody asked for", async () => {
    await expect(writer.add(entry("dev", { mode: 0x0400_0000 + 0o600 }))).rejects.toThrow("use the output tar");
    await expect(writer.add(entry("h", { linkname: "../victim" }))).rejects.toThrow("did not come");
    await expect(writer.write(77, Buffer.from("x"))).rejects.toThrow("not asked for");
  });
});
