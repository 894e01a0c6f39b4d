import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { StatCacheFolder } from "../../../sdk/context/cache/stat-cache-folder.ts";
import { readContext, userStatCache } from "../../../sdk/context/index.ts";
import { emptyTable } from "../../../sdk/context/table/entry-table.ts";
import { TextColumnBuilder } from "../../../sdk/context/table/text-column.ts";
import { readElsewhere } from "./support/read-elsewhere.ts";
import { temporaryFolder, tree } from "./support/trees.ts";

const MANY = Object.fromEntries(Array.from({ length: 1_200 }, (_, i) => [`d${i % 12}/f${i}`, `content ${i}`]));

function tableOf(entries: number) {
  const paths = new TextColumnBuilder();
  const targets = new TextColumnBuilder();
  for (let i = 0; i < entries; i++) {
    paths.add(String(i).padStart(6, "0"));
    targets.add("");
  }
  return emptyTable(paths.build(), targets.build());
}

describe("the folder of stat caches", { timeout: 60_000 }, () => {
  it("serves the next process, which reads only what has changed", async () => {
    const dir = tree(MANY);
    const folder = join(temporaryFolder(), "sub", "stat");
    await sleep(80); // The files settle.
    const inOtherProcess = () => readElsewhere(dir, folder);
    const first = await inOtherProcess();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const [kept] = readdirSync(folder);
    expect(kept).toMatch(/^[0-9a-f]{32}\.stat$/);
    expect(statSync(join(folder, kept!)).mode & 0o777).toBe(0o600);
    const second = await inOtherProcess();
    writeFileSync(join(dir, "d3/f3"), "other");
    const third = await inOtherProcess();
    expect([first.filesRead, second.filesRead, third.filesRead]).toEqual([1_200, 0, 1]);
    const fresh = await readContext({ dir, dockerfile: false, statCache: false });
    expect([second.hash, third.hash]).toEqual([first.hash, fresh.hash]);
  });

  it("keeps nothing of a small tree", async () => {
    const folder = join(temporaryFolder(), "stat");
    await readContext({ dir: tree({ a: "1" }), dockerfile: false, statCache: { folder } });
    expect(() => readdirSync(folder)).toThrow("ENOENT");
  });

  it("reads every file where what is kept may be somebody else's, or is torn, or the folder is of no use", async () => {
    const dir = tree(MANY);
    const folder = temporaryFolder();
    await sleep(80);
    const whole = await readElsewhere(dir, folder);
    const file = join(folder, readdirSync(folder)[0]!);
    const bytes = readFileSync(file);
    chmodSync(file, 0o622);
    expect((await readElsewhere(dir, folder)).filesRead).toBe(1_200);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    writeFileSync(file, bytes.subarray(0, 1000));
    expect(await readElsewhere(dir, folder)).toEqual(whole);
    const taken = join(temporaryFolder(), "file");
    writeFileSync(taken, "");
    expect(await readElsewhere(dir, taken)).toEqual(whole);
    expect(await readElsewhere(dir, join(taken, "below"))).toEqual(whole);
  });

  it("keeps the 32 latest used, and leaves what is not its own", async () => {
    const folder = temporaryFolder();
    const kept = new StatCacheFolder(folder);
    const reading = { table: tableOf(1_000) };
    writeFileSync(join(folder, "notes.txt"), "mine");
    writeFileSync(join(folder, `${"0".repeat(32)}.stat.${"1".repeat(8)}-1111-1111-1111-${"1".repeat(12)}`), "half");
    mkdirSync(join(folder, "folder"));
    for (let i = 0; i < 32; i++) await kept.write(`tree ${i}`, reading);
    for (const name of readdirSync(folder)) utimesSync(join(folder, name), 1_000, 1_000);
    expect(await kept.read("tree 0")).toEqual(reading);
    await kept.write("tree 32", reading);
    const names = readdirSync(folder);
    expect(names).toHaveLength(32 + 2);
    expect(names).toEqual(expect.arrayContaining(["notes.txt", "folder"]));
    expect(await kept.read("tree 0")).toEqual(reading);
    expect(await kept.read("tree 32")).toEqual(reading);
    expect(await kept.read("tree 33")).toBeUndefined();
  });
});

describe("userStatCache", () => {
  afterEach(() => vi.unstubAllEnvs());

  it("is the folder that the variable names, none when it says off, else the system's folder for caches", async () => {
    vi.stubEnv("NULLSPACE_STAT_CACHE", "/somewhere");
    expect(await userStatCache()).toBe("/somewhere");
    vi.stubEnv("NULLSPACE_STAT_CACHE", "off");
    expect(await userStatCache()).toBeUndefined();
    vi.stubEnv("NULLSPACE_STAT_CACHE", "");
    vi.stubEnv("XDG_CACHE_HOME", "/caches");
    if (process.platform === "linux") expect(await userStatCache()).toBe("/caches/pulumi-nullspace/stat");
    // The specification of XDG: a relative path is ignored.
    vi.stubEnv("XDG_CACHE_HOME", "caches");
    if (process.platform === "linux") expect(await userStatCache()).toBeUndefined();
  });
});
