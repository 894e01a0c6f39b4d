import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as sdk from "../../sdk/index.ts";
import { RunningService } from "../engine/service/running-service.ts";
import { pythonCalls, snakeCase } from "./docs/python-examples.ts";
import { PythonClient } from "./python/python-client.ts";

const run = promisify(execFile);
const repository = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string): string => readFileSync(join(repository, path), "utf8");
const everyPage = [
  "README.md",
  ...readdirSync(join(repository, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md") && !name.startsWith("api/"))
    .map((name) => `docs/${name}`)
    .sort(),
];

/** Pages whose examples the tests of the engine run: they need one, and no service. */
const ELSEWHERE = "docs/docker";
/** Pages that are made from the resources' own examples. */
const REFERENCE = "docs/provider/";
/** Pages whose examples are whole Pulumi programs, as the README's. */
const GUIDES = "docs/guides/";
/** Pages of Pulumi's Registry and of the cluster, whose examples are whole Pulumi programs, too. */
const PROGRAMS = ["docs/_index.md", "docs/installation-configuration.md", "docs/kubernetes.md"];
/** The last line of a Pulumi program, whose resources are registered after it, and print nothing themselves. */
const DECLARED = 'console.log("declared");\n';
/** Asks for templates and pools that are not there: for the compiler alone. */
const FUNCTIONS = `${REFERENCE}functions.md`;
const pages = everyPage.filter((page) => !page.startsWith(ELSEWHERE));

/** The programs of the pages. */
const examples = pages.flatMap((page) =>
  [...read(page).matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, program], index) => ({
    page,
    name: `${page}, example ${index + 1}`,
    file: `${page.replaceAll(/\W/g, "-")}-${index + 1}.ts`,
    program: page.startsWith(REFERENCE)
      ? withPreamble(program!)
      : inPulumi({ page })
        ? `${program}${DECLARED}`
        : program!,
  })),
);

/** Are the page's examples whole Pulumi programs? */
function inPulumi({ page }: { page: string }): boolean {
  return page === "README.md" || page.startsWith(GUIDES) || PROGRAMS.includes(page);
}

/** What the examples of the reference pages take for granted: they show one resource or function each. */
function withPreamble(program: string): string {
  const given = {
    web: 'new Template("the-web", { name: "web", context: "./app" })',
    stable: 'new TemplateTag("the-stable", { template: "local/web", tag: "stable", buildId: "tb_1" })',
    stack: 'new pulumi.StackReference("organization/project/dev")',
  };
  const uses = (name: string) => new RegExp(`\\b${name}\\b`).test(program);
  const taken = Object.entries(given).filter(([name]) => uses(name) && !program.includes(`const ${name} =`));
  return [
    'import * as pulumi from "@pulumi/pulumi";',
    'import * as nullspace from "pulumi-nullspace";',
    "const { Template, TemplateTag, TemplateAlias, WarmPool } = nullspace;",
    "const { getTemplate, getTemplates, getBuild, getWarmPool } = nullspace;",
    ...taken.map(([name, value]) => `const ${name} = ${value};`),
    program,
    "void [pulumi, Template, TemplateTag, TemplateAlias, WarmPool, getTemplate, getTemplates, getBuild, getWarmPool];",
    DECLARED,
  ].join("\n");
}

const played = examples.filter(({ page }) => page !== FUNCTIONS);

let service: RunningService;
let folder: string;
let ended: Record<string, { printed: string; error?: string }>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "examples-"));
  mkdirSync(join(folder, "node_modules/@pulumi"), { recursive: true });
  symlinkSync(repository, join(folder, "node_modules/pulumi-nullspace"));
  symlinkSync(join(repository, "node_modules/@pulumi/pulumi"), join(folder, "node_modules/@pulumi/pulumi"));
  symlinkSync(join(repository, "node_modules/@types"), join(folder, "node_modules/@types"));
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  mkdirSync(join(folder, "app"));
  writeFileSync(join(folder, "app/Dockerfile"), "FROM scratch\n");
  for (const { file, program } of examples) writeFileSync(join(folder, file), program);

  service = await RunningService.start();
  const env = { ...process.env, NULLSPACE_API_URL: service.url, NULLSPACE_API_KEY: service.apiKey };
  const isReference = ({ page }: { page: string }): boolean => page.startsWith(REFERENCE);
  const play = async (answers: string, programs: typeof examples, first: string[]): Promise<typeof ended> => {
    const script = join(repository, "test/contract/docs/run-examples.ts");
    const files = programs.map(({ file }) => join(folder, file));
    const flags = ["--conditions=nullspace-source", ...first, script, join(folder, answers), ...files];
    await run(process.execPath, flags, { cwd: folder, env });
    return JSON.parse(readFileSync(join(folder, answers), "utf8")) as typeof ended;
  };
  const mocks = ["--import", join(repository, "test/contract/docs/pulumi-mocks.ts")];
  ended = {
    ...(await play(
      "service.json",
      played.filter((one) => !inPulumi(one) && !isReference(one)),
      [],
    )),
    ...(await play("pulumi.json", played.filter(inPulumi), mocks)),
    ...(await play("reference.json", played.filter(isReference), mocks)),
  };
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

describe("the examples", () => {
  it.each(played)("run and show something: $name", ({ file }) => {
    const { error, printed } = ended[join(folder, file)]!;
    expect(error).toBeUndefined();
    expect(printed).not.toBe("");
  });

  it("are right in the eyes of the compiler", async () => {
    const compilerOptions = { noEmit: true, customConditions: ["nullspace-source"], declaration: false };
    const config = { extends: join(repository, "tsconfig.base.json"), compilerOptions, include: ["*.ts"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(repository, "node_modules/typescript/bin/tsc");
    const { stdout } = await run(process.execPath, [tsc, "-p", folder]).catch((error: { stdout: string }) => error);
    expect(stdout).toBe("");
  });
});

describe("the examples in Python", () => {
  it("are Python, and name what the schema has", async () => {
    const programs = pages.flatMap((page) =>
      [...read(page).matchAll(/^```python\n([\s\S]*?)^```$/gm)].map(([, text]) => text!),
    );
    const schema = JSON.parse(read("schema.json")) as {
      provider: { inputProperties: object };
      resources: Record<string, { inputProperties: object }>;
      functions: Record<string, { inputs: { properties: object } }>;
    };
    const last = (token: string) => token.slice(token.lastIndexOf(":") + 1);
    const known = new Map([
      ["Provider", schema.provider.inputProperties] as const,
      ...Object.entries(schema.resources).map(
        ([token, { inputProperties }]) => [last(token), inputProperties] as const,
      ),
      ...Object.entries(schema.functions).map(
        ([token, { inputs }]) => [snakeCase(last(token)), inputs.properties] as const,
      ),
    ]);
    // A function has a twin that takes and gives outputs.
    const calls = (await pythonCalls(programs)).map(([name, args]) => [name.replace(/_output$/, ""), args] as const);
    expect(new Set(calls.map(([name]) => name))).toEqual(new Set(known.keys()));
    for (const [name, args] of calls) {
      const allowed = [...Object.keys(known.get(name) ?? {}).map(snakeCase), "opts"];
      expect(
        args.filter((one) => !allowed.includes(one)),
        name,
      ).toEqual([]);
    }
  });
});

describe("the pages", () => {
  it("have an example each, but for the index of what is elsewhere", () => {
    const about = pages.filter((page) => page.startsWith("docs/sdk"));
    expect(about.filter((page) => !examples.some((example) => example.page === page))).toEqual([]);
    expect(about.length).toBeGreaterThanOrEqual(8);
  });

  it("are all to be reached from the README, and link to what exists", () => {
    const links = (page: string): string[] =>
      [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map(([, to]) => join(dirname(page), to!));
    const reached = new Set(["README.md"]);
    for (const page of reached) {
      for (const to of page.endsWith(".md") ? links(page) : []) reached.add(to.replace(/\/$/, ""));
    }
    expect(everyPage.filter((page) => !reached.has(page))).toEqual([]);
    for (const to of reached) expect(() => readdirOrRead(to)).not.toThrow();
  });
});

describe("the table of the Python client's names", () => {
  const rows = read("docs/sdk.md")
    .split("## Beside the Python client")[1]!
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").slice(1, 3))
    .map(([left, right]) => [left!, right!].map((cell) => [...cell.matchAll(/`([\w.]+)`/g)].map(([, name]) => name!)));
  const theirs = rows.flatMap(([left]) => left!);
  const ours = rows.flatMap(([, right]) => right!);

  it("names what we export", () => {
    const own = sdk as unknown as Record<string, Record<string, unknown> & { prototype?: object }>;
    const exists = (name: string): boolean => {
      const [thing, member] = name.split(".") as [string, string?];
      if (member === undefined) return thing in own;
      return thing in own && (member in own[thing]! || member in (own[thing]!.prototype ?? {}));
    };
    expect(ours.length).toBeGreaterThan(100);
    expect(ours.filter((name) => !exists(name))).toEqual([]);
  });

  it("names everything of a template, a build and a pool that the Python client has, and nothing that it has not", async () => {
    await using python = new PythonClient({ url: service.url, apiKey: service.apiKey, home: service.dataDirectory });
    const { all, missing } = (await python.run(`
from nullspace.commands import Commands
names = json.loads('${JSON.stringify(theirs)}')
places = {**vars(nullspace), **{name: getattr(nullspace, name) for name in nullspace.__all__}, "Commands": Commands}
def exists(name):
    thing, _, member = name.partition(".")
    return thing in places and (member == "" or hasattr(places[thing], member) or name == "Machine.commands")
answer = {
    "all": [f"{one}.{name}" for one in ["Template", "TemplateBuild", "TemplateWarmPool"] for name in dir(places[one]) if name[0] != "_"]
        + [name for name in nullspace.__all__ if name.startswith("wait_for")],
    "missing": [name for name in names if not exists(name)],
}`)) as { all: string[]; missing: string[] };
    expect(missing).toEqual([]);
    expect(all.filter((name) => !theirs.includes(name))).toEqual([]);
  });
});

function readdirOrRead(path: string): unknown {
  return path.endsWith(".md") || /\.\w+$/.test(path) || path === "LICENSE"
    ? read(path)
    : readdirSync(join(repository, path));
}
