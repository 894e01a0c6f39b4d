import { execFile, execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, it } from "vitest";
import { OLDEST_NODE, tooOldNode } from "../../sdk/node-version.ts";
import { OLDEST_NODE as OLDEST_OF_SERVICE } from "../../service/oldest-node.ts";
import { readContext } from "../../sdk/context/index.ts";
import { PluginProcess } from "../unit/provider/plugin-client.ts";
import { startTestService } from "./support/service.ts";
import { repo } from "./support/pulumi-project.ts";

const RUN_TIMEOUT_MS = 30_000;

/** Each Node on PATH and of $NULLSPACE_TEST_NODES (paths of programs, as PATH has folders), one a version. */
const nodes = new Map<string, string>();
for (const path of [
  ...(process.env.NULLSPACE_TEST_NODES ?? "").split(delimiter),
  ...(process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "node")),
]) {
  if (path === "" || !existsSync(path)) continue;
  const version = execFileSync(path, ["-p", "process.versions.node"], { encoding: "utf8", timeout: RUN_TIMEOUT_MS });
  if (!nodes.has(version.trim())) nodes.set(version.trim(), path);
}
const all = [...nodes].map(([version, path]) => ({ version, path }));
const isOld = (version: string, oldest: string): boolean => tooOldNode(["", oldest], version) !== undefined;
const old = all.filter(({ version }) => isOld(version, OLDEST_NODE));
const supported = all.filter(({ version }) => !isOld(version, OLDEST_NODE));
const between = all.filter(({ version }) => !isOld(version, OLDEST_NODE) && isOld(version, OLDEST_OF_SERVICE));

const { exports } = JSON.parse(readFileSync(join(repo, "package.json"), "utf8")) as {
  exports: Record<string, unknown>;
};
const ENTRIES = Object.keys(exports)
  .filter((entry) => !entry.endsWith(".json") && entry !== "./node-version")
  .map((entry) => `pulumi-nullspace${entry.slice(1)}`);
const PROGRAMS = ["dist/bundle/pulumi-nullspace.js", "dist/bundle/pulumi-resource-nullspace.js"];
const LOCAL = "service/dist/bin/nullspace-local.js";

describe("the oldest Node", () => {
  it("is the one that package.json asks for", () => {
    const engines = (folder: string): unknown =>
      JSON.parse(readFileSync(join(repo, folder, "package.json"), "utf8")).engines;
    expect(engines(".")).toEqual({ node: `>=${OLDEST_NODE}` });
    expect(engines("service")).toEqual({ node: `>=${OLDEST_OF_SERVICE}` });
  });
});

describe.skipIf(old.length === 0)(`a Node older than ${OLDEST_NODE} (skipped when PATH has none)`, () => {
  it.each(old)("is told so in one line by every entry ($version)", async ({ version, path }) => {
    const line = tooOldNode(["pulumi-nullspace", OLDEST_NODE], version);
    for (const entry of ENTRIES) {
      expect({ entry, ...(await load(path, entry)) }).toEqual({ entry, code: 0, stdout: line, stderr: "" });
    }
    for (const program of PROGRAMS) {
      expect({ program, ...(await run(path, [program])) }).toEqual({ program, code: 1, stdout: "", stderr: line });
    }
  });
});

describe.skipIf(old.length + between.length === 0)(`a Node older than ${OLDEST_OF_SERVICE}`, () => {
  it.each([...old, ...between])("is told so by the service in one line ($version)", async ({ version, path }) => {
    const line = tooOldNode(["nullspace-local", OLDEST_OF_SERVICE], version);
    expect(await run(path, [LOCAL, "--version"])).toEqual({ code: 1, stdout: "", stderr: line });
    expect(await load(path, "nullspace-local")).toEqual({ code: 0, stdout: line, stderr: "" });
  });
});

describe(`Node ${OLDEST_NODE} and newer`, { timeout: 60_000 }, () => {
  const context = join(repo, "examples/monorepo/base");

  it.each(supported)("loads every entry, and runs the command ($version)", async ({ path }) => {
    for (const entry of ENTRIES)
      expect({ entry, ...(await load(path, entry)) }).toMatchObject({ entry, stdout: "loaded" });
    const hash = await run(path, [PROGRAMS[0]!, "context", "hash", context]);
    expect(hash).toMatchObject({ code: 0, stdout: expect.stringContaining("h1:") });
  });

  it.each(supported)("reads contexts and calls a service by the SDK ($version)", async ({ path }) => {
    await using service = await startTestService();
    const { code, stdout, stderr } = await run(path, ["--input-type=module", "-e", SDK_PROGRAM, context], service.env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(`${await hashHere(context)} false`);
  });

  it.each(supported)("runs the plugin, which says what a Template is built from ($version)", async ({ path }) => {
    await using plugin = await PluginProcess.start({
      cwd: repo,
      env: {},
      node: path,
      program: [join(repo, PROGRAMS[1]!)],
    });
    const { inputs, failures } = await plugin.check("Template", { context, name: "web" });
    expect(failures).toEqual([]);
    expect(inputs.contextHash).toBe(await hashHere(context));
  });
});

/** A folder's hash, and a question to a service. */
const SDK_PROGRAM = `
import { readContext } from "pulumi-nullspace/context";
import { NullspaceClient } from "pulumi-nullspace/sdk";
const dir = process.argv[1];
const { hash } = await readContext({ dir, statCache: false });
const client = new NullspaceClient();
const exists = await client.templates.exists("local/nobody-has-this");
console.log(hash, exists);
await client.close();
`;

async function hashHere(dir: string): Promise<string> {
  return (await readContext({ dir, statCache: false })).hash;
}

/** Loads a module, and prints what it throws. */
function load(node: string, entry: string) {
  const program = `import(${JSON.stringify(entry)}).then(() => console.log("loaded"), (error) => console.log(error.message))`;
  return run(node, ["-e", program]);
}

function run(
  node: string,
  args: readonly string[],
  more: Record<string, string> = {},
): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    // Not the flags and conditions of this process: what is built is what runs.
    const env = { ...process.env, NODE_OPTIONS: "", ...more };
    execFile(node, args, { cwd: repo, env, timeout: RUN_TIMEOUT_MS }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout: stdout.trim(), stderr: stderr.trim() }),
    );
  });
}
