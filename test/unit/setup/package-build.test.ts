import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { buildPackages } from "../../../scripts/setup/package-build.mjs";
import { temporaryFolder } from "./support/temporary-folder.ts";

/** A clone in small: its build copies each source to where the compiler would write. */
function clone(
  build = "for f in sdk bin; do mkdir -p dist/$f; for s in $f/*.ts; do cp $s dist/$f/$(basename $s .ts).js; done; done",
) {
  const root = temporaryFolder();
  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  write("package.json", JSON.stringify({ name: "clone", scripts: { build } }));
  write("sdk/a.ts", "a");
  write("sdk/b.ts", "b");
  write("bin/tool.ts", "tool");
  return { root, write, build: (checked = true) => buildPackages({ root, env: process.env, checked }) };
}

describe("the packages", () => {
  test("are compiled once for the same sources", async () => {
    const { build, root } = clone();
    expect(await build()).toBe("built");
    expect(await build()).toBe("up to date");
    expect(statSync(join(root, "dist/bin/tool.js")).mode & 0o111).toBe(0o111);
  });

  test("are compiled again after an edit, an added or a removed source, and when dist is gone", async () => {
    const { build, write, root } = clone();
    await build();
    write("sdk/a.ts", "A");
    expect(await build()).toBe("built");
    write("sdk/c.ts", "c");
    expect(await build()).toBe("built");
    rmSync(join(root, "sdk/c.ts"));
    expect(await build()).toBe("built");
    rmSync(join(root, "dist"), { recursive: true });
    expect(await build()).toBe("built");
  });

  test("are compiled unchecked where they are only run, and only checked once that is asked for", async () => {
    const { build, write, root } = clone(
      "for f in sdk bin; do mkdir -p dist/$f && cp $f/*.ts dist/$f; done; node -e \"require('fs').appendFileSync('calls', process.argv.slice(1).join() + '\\n')\" --",
    );
    const calls = () => readFileSync(join(root, "calls"), "utf8").split("\n").slice(0, -1);
    expect(await build(false)).toBe("built");
    expect(await build(false)).toBe("up to date");
    expect(await build()).toBe("built");
    expect(await build(false)).toBe("up to date");
    expect(await build()).toBe("up to date");
    expect(calls()).toEqual(["--unchecked", "--checks"]);
    // Of other sources there is nothing yet that would only have to be checked.
    write("sdk/a.ts", "A");
    expect(await build()).toBe("built");
    expect(calls().at(-1)).toBe("");
    expect(await build(false)).toBe("up to date");
  });

  test("keep nothing of a source that was removed", async () => {
    const { build, root } = clone();
    await build();
    rmSync(join(root, "sdk/b.ts"));
    await build();
    expect(existsSync(join(root, "dist/sdk/a.js"))).toBe(true);
    expect(existsSync(join(root, "dist/sdk/b.js"))).toBe(false);
  });

  test("that do not compile fail with the compiler's words, and are tried again", async () => {
    const { build } = clone("echo 'sdk/a.ts(1,1): error TS1005'; exit 2");
    for (const _ of [1, 2]) {
      await expect(build()).rejects.toMatchObject({
        code: "BUILD_FAILED",
        message: expect.stringContaining("sdk/a.ts(1,1): error TS1005"),
      });
    }
  });
});
