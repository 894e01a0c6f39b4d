import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { templateController as template } from "../../../provider/core/template/controller.ts";
import { readContext, tarContext } from "../../../sdk/context/index.ts";
import type { BuildOptions } from "../../../sdk/docker/index.ts";
import { buildFixture } from "../docker/build-fixture.ts";
import { BASE_IMAGE, RunningService } from "../service/running-service.ts";
import { ProgramFolder } from "./program-folder.ts";

const { engine, logsOf } = buildFixture();
let service: RunningService;
beforeAll(async () => {
  service = await RunningService.start();
});
afterAll(() => service[Symbol.asyncDispose]());

let count = 0;

/** Every way in which a folder comes to a builder: how `COPY . /c` sees it, sorted. */
const WAYS: Record<string, (folder: ProgramFolder, dockerfile: string) => Promise<string[]>> = {
  "the docker command, BuildKit": ({ dir }, dockerfile) => dockerCommand(dir, dockerfile, "1"),
  "the docker command, classic": ({ dir }, dockerfile) => dockerCommand(dir, dockerfile, "0"),
  "a folder, BuildKit": ({ dir }, dockerfile) => seen({ path: dir, dockerfile, builder: "buildkit" }),
  "a folder, classic": ({ dir }, dockerfile) => seen({ path: dir, dockerfile, builder: "classic" }),
  "a context, BuildKit": async ({ dir }, dockerfile) =>
    seen({ context: await readContext({ dir, dockerfile }), builder: "buildkit" }),
  "a context, classic": async ({ dir }, dockerfile) =>
    seen({ context: await readContext({ dir, dockerfile }), builder: "classic" }),
  "a tar, classic": async ({ dir }, dockerfile) =>
    seen({ context: tarContext(await readContext({ dir, dockerfile })), dockerfile, builder: "classic" }),
  "a Template": async (folder, dockerfile) => {
    const inputs = await folder.check(template, { name: `hidden-${++count}`, context: ".", dockerfile });
    const { outputs } = await template.create(inputs, folder.context());
    return inImage(`nullspace-local/${String(outputs.templateId)}`);
  },
};

async function seen(options: BuildOptions): Promise<string[]> {
  return (await logsOf(options)).filter((line) => line.startsWith("./")).sort();
}

async function dockerCommand(dir: string, dockerfile: string, buildKit: "0" | "1"): Promise<string[]> {
  const image = engine.imageName();
  const command = process.env["NULLSPACE_DOCKER_BUILDKIT_CLI"] ?? "docker";
  await promisify(execFile)(command, ["build", "-q", "-t", image, "-f", dockerfile, "."], {
    cwd: dir,
    env: { ...process.env, DOCKER_BUILDKIT: buildKit },
  });
  return inImage(image);
}

async function inImage(Image: string): Promise<string[]> {
  const { id } = await engine.containers.create({ Image, Entrypoint: ["sh", "-c"], Cmd: ["cat /seen"] });
  await engine.containers.start(id);
  await engine.containers.wait(id);
  let output = "";
  for await (const { data } of engine.containers.logs(id)) output += data.toString();
  await engine.containers.remove(id, { force: true });
  return output.trim().split("\n").sort();
}

const TREES: { what: string; dockerfile: string; ignoreFile: string; rules: string; expected: string[] }[] = [
  {
    what: "the Dockerfile and the ignore file",
    dockerfile: "Dockerfile",
    ignoreFile: ".dockerignore",
    rules: "Dockerfile\n.dockerignore\n",
    expected: ["./a", "./docker/b"],
  },
  {
    what: "all but one file",
    dockerfile: "Dockerfile",
    ignoreFile: ".dockerignore",
    rules: "*\n!a\n",
    expected: ["./a"],
  },
  {
    what: "a Dockerfile in a folder, with an ignore file of its own",
    dockerfile: "docker/App.Dockerfile",
    ignoreFile: "docker/App.Dockerfile.dockerignore",
    rules: "**/*.Dockerfile*\n",
    expected: ["./a", "./docker/b"],
  },
  {
    what: "nothing",
    dockerfile: "Dockerfile",
    ignoreFile: ".dockerignore",
    rules: "",
    expected: ["./.dockerignore", "./Dockerfile", "./a", "./docker/b"],
  },
];

describe.each(TREES)("what is sent for the builder alone: an ignore file that names $what", (tree) => {
  const { dockerfile, ignoreFile, rules, expected } = tree;
  // The classic command knows no ignore file beside the Dockerfile.
  const ways = Object.keys(WAYS).filter((way) => ignoreFile === ".dockerignore" || !way.endsWith("command, classic"));

  it.each(ways)("by %s", async (way) => {
    using folder = new ProgramFolder({ apiKey: service.apiKey, apiUrl: service.url });
    const list = `cd /c && find . -type f | tee /seen # ${Math.random()}`;
    folder.write({
      [dockerfile]: `FROM ${BASE_IMAGE}\nCOPY . /c\nRUN ${list}\n`,
      [ignoreFile]: rules,
      a: "",
      "docker/b": "",
    });
    expect(await WAYS[way]!(folder, dockerfile)).toEqual(expected);
  });
});
