import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { firstLostInstruction } from "../../../sdk/dockerfile/index.ts";
import type { BuildOptions } from "../../../sdk/docker/index.ts";
import { buildFixture } from "./build-fixture.ts";
import { type BuildKitDaemonProcess, startBuildKitDaemon } from "./buildkit-daemon.ts";
import { type CacheRow, FILES, ROWS } from "./cache-loss-rows.ts";
import { BASE_IMAGE } from "./engine-fixture.ts";
import { uncachedLines } from "./uncached-lines.ts";

const fixture = buildFixture();
let daemon: BuildKitDaemonProcess;
beforeAll(async () => {
  daemon = await startBuildKitDaemon();
});
afterAll(() => daemon[Symbol.asyncDispose]());

let count = 0;

/** What is said about the row, and what the builder then does. */
async function play(row: CacheRow, builder: NonNullable<BuildOptions["builder"]>) {
  const mark = `m${process.pid}x${Date.now()}x${count++}`;
  const written = (text: string) => text.replaceAll("MARK", mark).replace(/^FROM base/gm, `FROM ${BASE_IMAGE}`);
  const args = (given: Record<string, string> = {}) =>
    Object.fromEntries(Object.entries(given).map(([name, value]) => [name, written(value)]));
  const path = await fixture.folder(Object.fromEntries(FILES.map((name) => [name, `${name} ${mark}`])));
  const target = row.target === undefined ? {} : { target: row.target };
  const before = { dockerfile: written(row.dockerfile.join("\n")), buildArgs: args(row.args), ...target };
  const lines = row.dockerfile.flatMap((line, index) => row.lines?.[index + 1] ?? [line]);
  const now = { dockerfile: written(lines.join("\n")), buildArgs: args(row.newArgs ?? row.args), ...target };

  const build = ({ dockerfile, buildArgs }: typeof now) =>
    uncachedLines(fixture.engine, dockerfile, {
      path,
      builder,
      buildArgs,
      ...target,
      ...(builder === "classic" ? { tags: fixture.engine.imageName() } : { outputs: [{ type: "cacheonly" }] }),
    });
  expect(await build(before)).not.toEqual([]);
  for (const [name, content] of Object.entries(row.files ?? {})) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    if (content === undefined) await rm(join(path, name));
    else await writeFile(join(path, name), `${content} ${mark}`);
  }
  const said = firstLostInstruction(now, { paths: Object.keys(row.files ?? {}), previous: before });
  const [lost] = await build(now);
  return { said: said?.line, lost };
}

function check({ says }: CacheRow, { said, lost }: { said: number | undefined; lost: number | undefined }): void {
  expect(said).toBe(says === undefined ? lost : undefined);
  if (says === "nothing lost") expect(lost).toBeUndefined();
  if (says === undefined) expect(lost).toBeDefined();
}

describe("what is said to be lost first is what the builder makes again first", () => {
  it.each(ROWS.filter(({ isNew }) => !isNew))("after a change of $what", async (row) => {
    check(row, await play(row, "buildkit"));
  });

  it.each(ROWS.filter(({ isNew }) => isNew))("after a change of $what, in a daemon of today", async (row) => {
    check(row, await play(row, { address: daemon.address }));
  });

  it.each(ROWS.filter(({ isOldToo }) => isOldToo))("after a change of $what, in the classic builder", async (row) => {
    check(row, await play(row, "classic"));
  });

  it("wherever it can be told, which is in four of five cases at least", () => {
    const answered = ROWS.filter(({ says }) => says === undefined).length;
    const lost = ROWS.filter(({ says }) => says !== "nothing lost").length;
    expect(answered).toBeGreaterThanOrEqual(25);
    expect(answered / lost).toBeGreaterThanOrEqual(0.8);
  });
});
