import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import type { BuildOptions } from "../../../sdk/docker/index.ts";
import { openEngine } from "./engine-fixture.ts";

/** Engine and folder of one test file, and what its builds are looked at with. Both are gone after the file's last test. */
export function buildFixture() {
  const engine = openEngine();
  let dir = "";
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "nullspace-build-"));
  });
  afterAll(async () => {
    await rm(dir, { recursive: true });
    await engine[Symbol.asyncDispose]();
  });

  return {
    engine,

    /** A folder that is removed at the end. */
    scratch: (name: string) => mkdtemp(join(dir, `${name}-`)),

    /** A context of the given files. */
    async folder(files: Record<string, string | Uint8Array>): Promise<string> {
      const root = await mkdtemp(join(dir, "context-"));
      for (const [path, content] of Object.entries(files)) {
        await mkdir(dirname(join(root, path)), { recursive: true });
        await writeFile(join(root, path), content);
      }
      return root;
    },

    /** Lines that the build's commands wrote; nothing comes from the cache. */
    async logsOf(options: BuildOptions): Promise<string[]> {
      const lines: string[] = [];
      const build = engine.build({ tags: engine.imageName(), noCache: true, forcerm: true, ...options });
      for await (const one of build) if (one.kind === "log" && one.stepId !== undefined) lines.push(one.text);
      await build.done;
      return lines;
    },

    /** Label `read` of the image that is built, cache or no cache: quicker told than by what a command writes. */
    async labelOf(options: BuildOptions): Promise<string | undefined> {
      const tags = engine.imageName();
      await engine.build({ tags, ...options }).done;
      return (await engine.images.inspect(tags)).Config?.Labels?.read;
    },
  };
}
