/**
 * What the provider adds to `pulumi`, beside a program without a resource, in one run, in turns, on one service:
 *
 * - `pulumi preview` of a stack in which nothing has changed: one small Template, 50 of them, one of 19,800 files, two of
 *   the same 19,800 files; in both shells
 * - `pulumi up` after one line of a file has changed, less the same with nothing changed, beside the engine's own build
 * - the plugin's start to its port line, beside an empty Node program
 * - the plugin's memory after Check of 50 small Templates, and of one of 19,800 files
 *
 *   npm run bench:provider [-- rounds]
 *
 * Medians of the rounds (default 5), after one that does not count. Measure on an idle machine.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { PulumiProject, repo } from "../e2e/support/pulumi-project.ts";
import { PluginProcess } from "../unit/provider/plugin-client.ts";
import { startBenchService } from "./bench-service.ts";
import { inTurns, median, timed } from "./measure.ts";

const ROUNDS = Number(process.argv[2] ?? 5);
/** With their folders, just under the 20,000 entries that the service takes. */
const FILES = 19_800;
const MANY = 50;
const { NULLSPACE_BASE_IMAGE: base, NULLSPACE_DOCKER_BUILDKIT_CLI: docker } = process.env;
if (!base || !docker) throw new Error("Run it as npm run bench:provider: it needs what set-up makes.");
const run = promisify(execFile);

const SHELLS = { plugin: "pulumi-nullspace/native", dynamic: "pulumi-nullspace" } as const;
type Shell = keyof typeof SHELLS;

/** Targets, in seconds over the empty program. */
const ROWS: { name: string; body: string; target: Record<Shell, string> }[] = [
  { name: "one small Template", body: `template("one");`, target: { plugin: "0.5", dynamic: "0.9" } },
  {
    name: `${MANY} small Templates`,
    body: `for (let i = 0; i < ${MANY}; i++) template("many-" + i, "./many/" + i);`,
    target: { plugin: "1.5", dynamic: "1.5" },
  },
  {
    name: `one of ${FILES} files`,
    body: `template("large", "./large");`,
    target: { plugin: "0.3 over a small one", dynamic: "0.3 over a small one" },
  },
  {
    name: `two of the same ${FILES} files`,
    body: `template("large-a", "./large"); template("large-b", "./large");`,
    target: { plugin: "one walk: as one", dynamic: "one walk: as one" },
  },
];

const folder = mkdtempSync(join(tmpdir(), "nullspace-bench-"));
const large = join(folder, "large");
plantLarge(large);

function plantLarge(root: string): void {
  for (let i = 0; i < FILES; i++) {
    const dir = join(root, `d${i % 100}`);
    if (i < 100) mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, `f${Math.floor(i / 100)}.txt`), `file ${i}\n`.repeat(60));
  }
  writeFileSync(join(root, "Dockerfile"), `FROM ${base}\nCOPY d0/f0.txt /\n`);
}

/** Programs refer to the large tree by a link of a folder above it: nobody copies it. */
function projectOf(body: string, shell: Shell | undefined): PulumiProject {
  const files: Record<string, string> = { "app/Dockerfile": dockerfile(), "app/hello.txt": "first\n" };
  for (let i = 0; i < MANY; i++) {
    files[`many/${i}/Dockerfile`] = dockerfile();
    files[`many/${i}/hello.txt`] = `number ${i}\n`;
  }
  const program =
    shell === undefined
      ? ""
      : `"use strict";
const nullspace = require(${JSON.stringify(SHELLS[shell])});
const template = (name, context = "./app") =>
  new nullspace.Template(name, { name: ${JSON.stringify(`${shell}-`)} + name, context, vcpus: 1, memoryMib: 64 });
${body.replaceAll('"./large"', JSON.stringify(large))}
`;
  return new PulumiProject({ program, files, env: service.env });
}

function dockerfile(): string {
  return `FROM ${base}\nCOPY hello.txt /\n`;
}

type Contestants = Record<string, () => Promise<number>>;

async function mediansOf(contestants: Contestants, rounds = ROUNDS): Promise<(name: string) => number> {
  const times = await inTurns(contestants, rounds);
  return (name) => median(times[name]!);
}

const seconds = (ms: number): string => (ms / 1000).toFixed(2).padStart(6);

async function stackOf(body: string, shell?: Shell): Promise<PulumiProject> {
  const project = projectOf(body, shell);
  projects.push(project);
  await project.ok("stack", "init", "dev");
  await project.ok("up", "--yes", "--skip-preview");
  return project;
}

async function benchPreviews(): Promise<void> {
  const empty = await stackOf("");
  const preview = (project: PulumiProject) => () => timed(() => project.ok("preview", "--expect-no-changes"));
  const contestants: Contestants = { empty: preview(empty) };
  for (const { name, body } of ROWS) {
    for (const shell of Object.keys(SHELLS) as Shell[]) {
      contestants[`${shell}: ${name}`] = preview(await stackOf(body, shell));
    }
  }
  const medianOf = await mediansOf(contestants);
  const zero = medianOf("empty");
  console.log(`pulumi preview of a stack in which nothing has changed, medians of ${ROUNDS} rounds`);
  console.log(`  ${seconds(zero)} s            a program without a resource`);
  for (const { name, target } of ROWS) {
    for (const shell of Object.keys(SHELLS) as Shell[]) {
      const ms = medianOf(`${shell}: ${name}`);
      console.log(`  ${seconds(ms)} s  +${seconds(ms - zero)} s  ${shell}: ${name} (target +${target[shell]})`);
    }
  }
}

async function benchOneLine(): Promise<void> {
  let lines = 0;
  const contestants: Contestants = {};
  for (const shell of Object.keys(SHELLS) as Shell[]) {
    const project = await stackOf(`template("line");`, shell);
    const up = () => timed(() => project.ok("up", "--yes", "--skip-preview"));
    contestants[`${shell}: nothing changed`] = up;
    contestants[`${shell}: one line changed`] = () => {
      project.write("app/hello.txt", `line ${++lines} of ${process.pid}\n`);
      return up();
    };
  }
  const context = join(folder, "engine");
  mkdirSync(context);
  writeFileSync(join(context, "Dockerfile"), dockerfile());
  contestants.engine = () => {
    writeFileSync(join(context, "hello.txt"), `line ${++lines} of ${process.pid}\n`);
    const env = { ...process.env, DOCKER_BUILDKIT: "1" };
    return timed(() => run(docker!, ["build", "-q", "-t", engineTag, context], { env }));
  };
  const medianOf = await mediansOf(contestants);
  const engine = medianOf("engine");
  console.log(`\npulumi up --skip-preview after one line has changed, medians of ${ROUNDS} rounds`);
  console.log(`  ${seconds(engine)} s            the docker command, BuildKit, a line changed`);
  for (const shell of Object.keys(SHELLS)) {
    const [quiet, changed] = [medianOf(`${shell}: nothing changed`), medianOf(`${shell}: one line changed`)];
    const over = changed - quiet - engine;
    console.log(
      `  ${seconds(changed)} s  +${seconds(over)} s  ${shell} (nothing changed: ${seconds(quiet)} s; target +0.5 over the engine's build)`,
    );
  }
}

async function benchPlugin(): Promise<void> {
  const plugin = join(repo, "dist", "bundle", "pulumi-resource-nullspace.js");
  const toFirstLine = async (args: string[]): Promise<number> => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const ms = await timed(() => once(createInterface(child.stdout), "line"));
    child.kill();
    await once(child, "exit");
    return ms;
  };
  const contestants: Contestants = {
    node: () => toFirstLine(["-e", "console.log(1); setInterval(() => {}, 1000)"]),
    plugin: () => toFirstLine([plugin, "127.0.0.1:1"]),
  };
  const medianOf = await mediansOf(contestants, ROUNDS * 2);
  const [node, ours] = [medianOf("node"), medianOf("plugin")];
  console.log(
    `\nthe plugin's start to its port line: ${ours.toFixed(0)} ms, +${(ours - node).toFixed(0)} ms over an empty Node program`,
  );
  for (const [name, contexts] of [
    ["no Template", []],
    [
      `${MANY} small Templates`,
      Array.from({ length: MANY }, (_, i) => join(projects[0]!.dir, "program", "many", String(i))),
    ],
    [`one of ${FILES} files`, [large]],
  ] as const) {
    await using process = await PluginProcess.start({ cwd: folder, env: service.env, program: [plugin] });
    for (const [i, context] of contexts.entries()) {
      await process.check("Template", { name: `memory-${i}`, context });
    }
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${process.process.pid}/status`, "utf8"))![1]!;
    console.log(`the plugin's memory after Check of ${name}: ${(Number(peak) / 1024).toFixed(0)} MiB at most`);
  }
}

const engineTag = `nullspace-bench-provider-${process.pid}:1`;
const projects: PulumiProject[] = [];
const service = await startBenchService(folder, base);
try {
  await benchPreviews();
  await benchOneLine();
  await benchPlugin();
} finally {
  for (const project of projects) project.dispose();
  await service.stop();
  await run(docker, ["rmi", "-f", engineTag]).catch(() => undefined);
  rmSync(folder, { recursive: true });
}
