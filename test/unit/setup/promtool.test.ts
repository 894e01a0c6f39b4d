import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { promtool } from "../../../scripts/setup/promtool.mjs";
import { command } from "./support/child-process.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

function choose(env: NodeJS.ProcessEnv, { root = temporaryFolder(), check = false, kind = "debian" as const } = {}) {
  const platform = { kind, arch: "x64", isRoot: false, canInstallPackages: false };
  const unused = { root: "/", note: () => undefined, onStop: () => undefined, signal: undefined };
  return promtool.run({ env, platform, check, cache: { root, id: "" }, profile: "test", ...unused });
}

/** A PATH with an apt-get that fetches something, and a dpkg-deb that finds a promtool in it. */
function debian(unpack: string): string {
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  command(folder, "apt-get", 'echo package > "$2_1_amd64.deb"');
  command(folder, "dpkg-deb", unpack);
  return `${folder}:/usr/bin:/bin`;
}
const UNPACK =
  'mkdir -p "$3/usr/bin" && printf "#!/bin/sh\\n" > "$3/usr/bin/promtool" && chmod +x "$3/usr/bin/promtool"';

test("promtool is the one that is named, else the one on PATH", async () => {
  const folder = temporaryFolder();
  command(folder, "promtool", "true");
  expect((await choose({ PATH: folder })).chose).toBe(`${folder}/promtool`);
  expect((await choose({ PATH: folder, NULLSPACE_PROMTOOL: "/other" })).env).toEqual({ NULLSPACE_PROMTOOL: "/other" });
});

test("on Debian it is taken out of its package once, whole or not at all", async () => {
  const root = temporaryFolder();
  await expect(choose({ PATH: debian("exit 1") }, { root })).rejects.toMatchObject({ code: "PROMTOOL_NOT_FETCHED" });
  expect(existsSync(join(root, "promtool"))).toBe(false);
  const { chose } = await choose({ PATH: debian(UNPACK) }, { root });
  expect(chose).toBe(join(root, "promtool", "usr", "bin", "promtool"));
  // It is there now: nothing is fetched again.
  expect((await choose({ PATH: "" }, { root })).chose).toBe(chose);
});

test("without it there is an error that says how to get it, and a mere look fetches nothing", async () => {
  for (const options of [{ check: true }, { kind: "macos" as never }]) {
    await expect(choose({ PATH: debian(UNPACK) }, options)).rejects.toMatchObject({
      code: "NO_PROMTOOL",
      install: expect.stringContaining("prometheus"),
    });
  }
});
