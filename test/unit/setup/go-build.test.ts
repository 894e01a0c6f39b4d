import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildGoCommands } from "../../../scripts/setup/go-build.mjs";
import type { StepContext } from "../../../scripts/setup/step.mjs";
import { temporaryFolder } from "./support/temporary-folder.ts";

/**
 * A machine whose Go takes as long as it is told to. What it is asked to build ends when the file `<name>.end` is there, with
 * 1 when that says so; it complains when its caches went meanwhile.
 */
function machine() {
  const root = temporaryFolder();
  const [cacheRoot, path] = [join(root, "cache"), join(root, "go")];
  writeFileSync(
    path,
    `#!/bin/sh
root=$(dirname "$0")
for argument; do [ "$before" = -o ] && out=$argument; before=$argument; done
name=$(basename "$out")
mkdir -p "$GOCACHE" "$GOMODCACHE"
[ -e "$GOCACHE/half" ] && echo again > "$root/$name.begun"
touch "$GOCACHE/half" "$GOMODCACHE/half" "$root/$name.begun"
until [ -e "$root/$name.end" ]; do sleep 0.02; done
[ -e "$GOCACHE/half" ] && [ -e "$GOMODCACHE/half" ] || { echo "the caches are gone" >&2; exit 7; }
echo built > "$out"
exit $(cat "$root/$name.end")
`,
  );
  chmodSync(path, 0o755);
  const context = {
    cache: { root: cacheRoot, id: "12345678" },
    env: process.env,
    note: () => {},
    signal: new AbortController().signal,
  } as unknown as StepContext;
  const folderOf = (name: string) => join(cacheRoot, name, "built-1");
  return {
    caches: join(cacheRoot, "go"),
    folderOf,
    build: (name: string) =>
      buildGoCommands(context, {
        go: { path, moduleCache: join(root, "no-modules") },
        commands: [{ name, module: "dockerfile-parser", package: "." }],
        folder: folderOf(name),
        code: "NOT_BUILT",
        install: "install it",
      }),
    begun: (name: string) => expect.poll(() => existsSync(join(root, `${name}.begun`)), { timeout: 20_000 }).toBe(true),
    hasGoneOn: (name: string) => readFileSync(join(root, `${name}.begun`), "utf8") === "again\n",
    end: (name: string, code = 0) => writeFileSync(join(root, `${name}.end`), String(code)),
  };
}

test("a build that ends takes away its own caches, and none that another build uses", async () => {
  const { build, begun, end, caches, folderOf } = machine();
  const slow = build("slow");
  await begun("slow");
  end("quick");
  await build("quick");
  expect(readdirSync(folderOf("quick"))).toEqual(["quick"]);
  end("slow");
  await slow;
  expect(readdirSync(folderOf("slow"))).toEqual(["slow"]);
  expect(readdirSync(caches)).toEqual([]);
});

test("a build that failed goes on from its caches the next time", async () => {
  const { build, end, hasGoneOn, caches, folderOf } = machine();
  end("tool", 1);
  await expect(build("tool")).rejects.toMatchObject({ code: "NOT_BUILT" });
  expect(existsSync(folderOf("tool"))).toBe(false);
  end("tool");
  await build("tool");
  expect(hasGoneOn("tool")).toBe(true);
  expect(readdirSync(caches)).toEqual([]);
});

test("caches that nobody has come back to for a week go, those of a running build stay", async () => {
  const { build, begun, end, caches } = machine();
  const longAgo = new Date(Date.now() - 8 * 24 * 60 * 60_000);
  const slow = build("slow");
  await begun("slow");
  mkdirSync(join(caches, "forsaken", "build"), { recursive: true });
  mkdirSync(join(caches, "of-today", "build"), { recursive: true });
  for (const name of ["forsaken", "slow-built-1"]) utimesSync(join(caches, name), longAgo, longAgo);
  end("quick");
  await build("quick");
  expect(readdirSync(caches).sort()).toEqual(["of-today", "slow-built-1"]);
  end("slow");
  await slow;
});
