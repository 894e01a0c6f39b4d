import { expect, test } from "vitest";
import { chromium } from "../../../scripts/setup/chromium.mjs";
import { command } from "./support/child-process.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

function choose(env: NodeJS.ProcessEnv) {
  const platform = { kind: "linux", arch: "x64", isRoot: false, canInstallPackages: false } as const;
  const context = { env, platform, check: true, root: "/", profile: "test" } as const;
  const unused = { cache: { root: "/", id: "" }, note: () => undefined, onStop: () => undefined, signal: undefined };
  return chromium.run({ ...context, ...unused });
}

test("the browser is the one that CHROMIUM names, else the first on PATH", async () => {
  const [folder, other] = [temporaryFolder(), temporaryFolder()];
  command(folder, "google-chrome", "true");
  expect((await choose({ PATH: folder })).env).toEqual({ CHROMIUM: `${folder}/google-chrome` });
  command(folder, "chromium", "true");
  expect((await choose({ PATH: folder })).env).toEqual({ CHROMIUM: `${folder}/chromium` });
  command(other, "browser", "true");
  expect((await choose({ PATH: folder, CHROMIUM: `${other}/browser` })).env).toEqual({ CHROMIUM: `${other}/browser` });
  // A variable that somebody set long ago does not hide the browser that is there.
  expect((await choose({ PATH: folder, CHROMIUM: `${other}/gone` })).env).toEqual({ CHROMIUM: `${folder}/chromium` });
});

test("no browser is an error that says what to install", async () => {
  await expect(choose({ PATH: temporaryFolder() })).rejects.toMatchObject({
    code: "NO_CHROMIUM",
    install: expect.stringContaining("CHROMIUM"),
  });
});
