import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readContext } from "../../../sdk/context/index.ts";
import { tree } from "./support/trees.ts";

describe("the path of a Dockerfile", { timeout: 60_000 }, () => {
  // docker-py's test_process_dockerfile.
  it.each<[string, string | undefined, string, boolean]>([
    [".", undefined, "Dockerfile", true],
    [".", "Dockerfile", "Dockerfile", true],
    [".", "foo/Dockerfile.foo", "foo/Dockerfile.foo", true],
    [".", "./foo/Dockerfile.foo", "foo/Dockerfile.foo", true],
    ["foo", "bar/Dockerfile.bar", "bar/Dockerfile.bar", true],
    ["baz", "../baz/Dockerfile.baz", "Dockerfile.baz", true],
    ["foo", "../Dockerfile", "Dockerfile", false],
    ["foo", "../baz/Dockerfile.baz", "baz/Dockerfile.baz", false],
  ])("starts at the context: in %s, %s is %s", async (folder, dockerfile, file, isInContext) => {
    const files = ["Dockerfile", "foo/Dockerfile.foo", "foo/bar/Dockerfile.bar", "baz/Dockerfile.baz"];
    const base = tree(Object.fromEntries(files.map((path) => [path, `FROM ${path}\n`])));
    const context = await readContext({ dir: join(base, folder), ...(dockerfile === undefined ? {} : { dockerfile }) });
    const home = isInContext && folder !== "." ? `${folder}/` : "";
    expect(context.dockerfile).toMatchObject({ content: `FROM ${home}${file}\n`, isInContext });
    if (isInContext) expect(context.dockerfile!.path).toBe(file);
    else expect(context.dockerfile!.path).toMatch(/^\.dockerfile\.[0-9a-f]{40}$/);
    expect(context.entries.some(({ path }) => path === context.dockerfile!.path)).toBe(isInContext);
  });
});
