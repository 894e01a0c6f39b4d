import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { describe, expect, it } from "vitest";
import { type ContextOptions, openContextFile, readContext, tarContext } from "../../../sdk/context/index.ts";
import { tarHeader } from "../../../sdk/context/tar/header.ts";
import { temporaryFolder, tree, type TreeSpec } from "./support/trees.ts";

const read = (dir: string, options: Partial<ContextOptions> = {}) =>
  readContext({ dir, dockerfile: false, ...options });
const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

describe("the tar of a context", { timeout: 60_000 }, () => {
  it("has the same bytes for the same hash, wherever and whenever it was made", async () => {
    const spec: TreeSpec = { "a/b": "1", "a/run": { exec: "2" }, l: { link: "a/b" }, "e/": "", é: "3" };
    const first = await read(tree(spec));
    const second = tree(Object.fromEntries(Object.entries(spec).reverse()));
    utimesSync(join(second, "a/b"), 1, 1);
    const again = await read(second);
    expect(again.hash).toBe(first.hash);
    const [one, two] = await Promise.all([buffer(tarContext(first)), buffer(tarContext(again))]);
    expect(two.equals(one)).toBe(true);
    expect(sha256(one)).toBe("a38480b590957573332c4251531c7a8b342e3192aa18ddddec890d35718ac356");
  });

  it("is what GNU tar and Python's tarfile unpack to the same tree", async () => {
    const long = `${"d".repeat(120)}/${"e".repeat(120)}/${"f".repeat(200)}`;
    const spec: TreeSpec = {
      "a/b": "1",
      "a/run": { exec: "2" },
      l: { link: "a/b" },
      "e/": "",
      "é/ü": "3",
      "x\ny": "4",
      [long]: "5",
      far: { link: `./${"t".repeat(300)}` },
    };
    const context = await read(tree(spec));
    const file = join(temporaryFolder(), "context.tar");
    writeFileSync(file, await buffer(tarContext(context)));
    const unpack = {
      tar: (into: string) => execFileSync("tar", ["-xf", file, "-C", into]),
      python: (into: string) =>
        execFileSync("python3", [
          "-c",
          "import sys,tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])",
          file,
          into,
        ]),
    };
    for (const extract of Object.values(unpack)) {
      const into = temporaryFolder();
      extract(into);
      expect((await read(into)).hash).toBe(context.hash);
    }
  });

  it("holds a link to a directory as a link, and nothing by its way", async () => {
    const dir = tree({ "b/utils.py": "1", "a/c/b": { link: "../../b" }, bar: { link: "./a" }, "foo/": "" });
    const file = join(temporaryFolder(), "context.tar");
    writeFileSync(file, await buffer(tarContext(await read(dir))));
    const list = "import sys,tarfile; [print(m.type.decode(), m.name, m.linkname) for m in tarfile.open(sys.argv[1])]";
    const listed = execFileSync("python3", ["-c", list, file], { encoding: "utf8" });
    expect(listed.split("\n").map((line) => line.trim())).toEqual([
      ...["5 a", "5 a/c", "2 a/c/b ../../b", "5 b", "0 b/utils.py", "2 bar ./a", "5 foo"],
      "",
    ]);
  });

  it("is the plain one when its gzip is undone", async () => {
    const context = await read(tree({ a: "x".repeat(100_000) }));
    const [plain, zipped] = await Promise.all([
      buffer(tarContext(context)),
      buffer(tarContext(context, { gzip: true })),
    ]);
    expect(zipped.length).toBeLessThan(plain.length / 10);
    expect(gunzipSync(zipped).equals(plain)).toBe(true);
  });

  it("hands out headers that later ones leave alone", () => {
    const first = tarHeader({ path: Buffer.from("first"), type: "file", mode: 0o644, size: 1 });
    const before = Buffer.from(first);
    tarHeader({ path: Buffer.from("second"), type: "dir", mode: 0o755, size: 0 });
    expect(first).toEqual(before);
  });

  it("tells sizes beyond eleven octal digits in a PAX record", () => {
    const header = tarHeader({ path: Buffer.from("big"), type: "file", mode: 0o644, size: 9 * 1024 ** 3 });
    expect(header.length).toBe(3 * 512);
    expect(header.toString("latin1", 512, 540)).toContain("19 size=9663676416\n");
  });

  it("fails when a file changed since it was hashed, and never ends as if it were whole", async () => {
    const changes: ((file: string) => void)[] = [
      (file) => appendFileSync(file, "!"),
      (file) => truncateSync(file, 10),
      (file) => writeFileSync(file, "y".repeat(300_000)),
      (file) => rmSync(file),
    ];
    for (const change of changes) {
      const dir = tree({ a: "x".repeat(300_000), b: "1" });
      const context = await read(dir);
      change(join(dir, "a"));
      await expect(buffer(tarContext(context))).rejects.toMatchObject({ code: "file_changed", path: "a" });
      await expect(buffer(tarContext(context, { gzip: true }))).rejects.toMatchObject({ code: "file_changed" });
      await expect(buffer(openContextFile(context, "a"))).rejects.toMatchObject({ code: "file_changed", path: "a" });
      expect((await buffer(openContextFile(context, "b"))).toString()).toBe("1");
    }
  });

  it("does not fail when a file was only touched", async () => {
    const dir = tree({ a: "x".repeat(1000) });
    const context = await read(dir);
    utimesSync(join(dir, "a"), 5, 5);
    await expect(buffer(tarContext(context))).resolves.toBeDefined();
    expect((await buffer(openContextFile(context, "a"))).length).toBe(1000);
    expect(() => openContextFile(context, "nope")).toThrow("has no file nope");
  });

  it("is held back by a slow reader", async () => {
    const dir = tree({ a: "" });
    truncateSync(join(dir, "a"), 200 * 1024 * 1024);
    const stream = tarContext(await read(dir));
    const slow = new PassThrough();
    stream.pipe(slow);
    let arrived = 0;
    stream.on("data", (chunk: Buffer) => (arrived += chunk.length));
    await new Promise((resolve) => setTimeout(resolve, 300));
    // Nobody reads `slow`: only what fits into the buffers on the way has come.
    expect(arrived).toBeLessThan(8 * 1024 * 1024);
    stream.destroy();
  });

  it("leaves the event loop free, and ends at once when it is destroyed or its signal aborts", async () => {
    const dir = tree({ a: "" });
    truncateSync(join(dir, "a"), 256 * 1024 ** 2);
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const context = await read(dir);
    const controller = new AbortController();
    const stream = tarContext(context, { signal: controller.signal });
    const closed = new Promise((resolve) => stream.once("close", resolve));
    const failed = new Promise((resolve) => stream.once("error", resolve));
    stream.once("data", () => controller.abort(new Error("enough")));
    expect(await failed).toHaveProperty("name", "AbortError");
    await closed;
    delay.disable();
    expect(delay.count).toBeGreaterThan(0);
  });
});
