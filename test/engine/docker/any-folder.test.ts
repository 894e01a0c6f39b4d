import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listContext, readContext } from "../../../sdk/context/index.ts";
import type { BuildOptions } from "../../../sdk/docker/index.ts";
import { BASE_IMAGE, openEngine } from "./engine-fixture.ts";

// A build reads its context, Dockerfile, ignore file and secret, and writes its result, in a folder of any name.

const NAME = `José's "app" 日本 🎉 100%20 a#b?c=d [e]*{f} $HOME; g\\h`;
const engine = openEngine();
let dir: string;

beforeAll(async () => {
  dir = join(await mkdtemp(join(tmpdir(), "nullspace-any-")), NAME, "é".repeat(100), "日".repeat(60));
  await mkdir(join(dir, "context", "日本"), { recursive: true });
  await writeFile(join(dir, "context", "日本", "é"), "deep");
  await writeFile(join(dir, "context", "left.log"), "");
  await writeFile(join(dir, "secret"), "s3cret");
  const text = [
    `FROM ${BASE_IMAGE}`,
    "COPY . /app/",
    'RUN test "$(cat /app/日本/é)" = deep && test ! -e /app/left.log',
    'LABEL read="$PLACE"',
    "",
  ].join("\n");
  for (const [path, place] of [
    ["context/Dockerfile", "inside"],
    ["Dockerfile", "outside"],
  ] as const) {
    await writeFile(join(dir, path), text.replace("$PLACE", place));
    await writeFile(join(dir, `${path}.dockerignore`), "*.log\n");
  }
});
afterAll(async () => {
  await rm(dir.slice(0, dir.indexOf(NAME)), { recursive: true });
  await engine[Symbol.asyncDispose]();
});

describe.each(["buildkit", "classic"] as const)("in a folder of any name, a build with %s", (builder) => {
  const labelOf = async (options: BuildOptions) => {
    const tags = engine.imageName();
    await engine.build({ tags, builder, forcerm: true, ...options }).done;
    return (await engine.images.inspect(tags)).Config?.Labels?.read;
  };

  it("takes the Dockerfile inside of the context, or outside", async () => {
    const path = join(dir, "context");
    expect(await labelOf({ path })).toBe("inside");
    expect(await labelOf({ path, dockerfile: join(dir, "Dockerfile") })).toBe("outside");
    expect(await labelOf({ path, dockerfile: "../Dockerfile", gzip: true })).toBe("outside");
  });

  it("takes a context that was read or hashed before", async () => {
    const context = await readContext({ dir: join(dir, "context") });
    expect(context.dir).toBe((await listContext({ dir: join(dir, "context") })).dir);
    expect(await labelOf({ context })).toBe("inside");
  });
});

it("in a folder of any name, a build takes a secret and writes its result", async () => {
  const context = join(dir, "with secret");
  await mkdir(context);
  await writeFile(
    join(context, "Dockerfile"),
    `FROM ${BASE_IMAGE} AS made\nRUN --mount=type=secret,id=s cat /run/secrets/s > /out\nFROM scratch\nCOPY --from=made /out /ö\n`,
  );
  const secrets = [{ id: "s", file: join(dir, "secret") }];
  const options: BuildOptions = { path: context, builder: "buildkit", secrets };
  const dest = join(dir, "result");
  await engine.build({ ...options, outputs: [{ type: "local", dest }] }).done;
  expect(await readdir(dest)).toEqual(["ö"]);
  expect(await readFile(join(dest, "ö"), "utf8")).toBe("s3cret");
  const archive = join(dir, "result.tar");
  await engine.build({ ...options, outputs: [{ type: "tar", dest: archive }] }).done;
  expect((await stat(archive)).size).toBeGreaterThan(0);
  expect((await readdir(dir)).filter((name) => name.includes("partial"))).toEqual([]);
});
