/**
 * Time from call to image of this client, the Docker command line and docker-py, in one run on one engine: a build in
 * which nothing has changed, one in which a line of one file has, and with BuildKit one of a folder that the engine has
 * never seen. The context has 2,000 files, and with BuildKit 10,000, too. Who uses the same builder takes turns, so that
 * what else the machine does meets all of them.
 *
 *   npm run bench:docker [-- rounds]
 *
 * The command line runs as a process that is started for each build, as it is used. This client, compiled, and docker-py
 * are measured as libraries, in processes that stay; the first builds of everyone do not count. A program that builds once
 * with this client is measured by itself, from its start to its end, beside a Node that loads HTTP/2 and ends: no program
 * can do without that. Nor can it do without what the docker command waits for once it has started: the two together are the
 * least that it can take. "The engine alone" is the engine's own share: curl sends it an archive that is ready, so that no
 * client of that builder can be quicker.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import type * as docker from "../../sdk/docker/index.ts";
import { median, timed } from "./measure.ts";

const compiled = new URL("../../dist/bundle/sdk/docker.js", import.meta.url).href;
const { DockerEngine } = (await import(compiled)) as typeof docker;

const FILES = 2_000;
const MANY_FILES = 10_000;
const ROUNDS = Number(process.argv[2] ?? 5);
/** Builds of each client before the first that counts: code gets its speed while it runs. Classic ones take longer than that. */
const WARM_UPS = { buildkit: 10, classic: 2 };
const { NULLSPACE_BASE_IMAGE: base, NULLSPACE_PYTHON: python, DOCKER_HOST } = process.env;
const { NULLSPACE_DOCKER_CLI: classicCli, NULLSPACE_DOCKER_BUILDKIT_CLI: buildkitCli } = process.env;
if (!base || !classicCli || !buildkitCli || !python || !DOCKER_HOST?.startsWith("unix://")) {
  throw new Error("Run it as npm run bench:docker: it needs what set-up makes, and an engine on a unix socket.");
}

const run = promisify(execFile);
const tag = `nullspace-bench-${process.pid}:1`;
const label = `org.nullspace.bench=${process.pid}`;
const parent = await mkdtemp(join(tmpdir(), "nullspace-bench-"));
let dir = join(parent, "context");
const archive = join(parent, "context.tar");
const engine = new DockerEngine();

/** Builds the folder of each line; answers with the milliseconds. */
const PYTHON = `
import docker, sys, time
client = docker.from_env(timeout=600)
for line in sys.stdin:
    path, tag = line.split()
    started = time.perf_counter()
    client.images.build(path=path, tag=tag, rm=True)
    print((time.perf_counter() - started) * 1000, flush=True)
`;
const dockerPy = spawn(python, ["-c", PYTHON], { stdio: ["pipe", "pipe", "inherit"] });
const dockerPyAnswers = createInterface({ input: dockerPy.stdout })[Symbol.asyncIterator]();

/** A program that builds once. */
const BUILD_ONCE = `
import { DockerEngine } from ${JSON.stringify(compiled)};
const engine = new DockerEngine();
await engine.build({ path: process.argv[1], tags: process.argv[2] }).done;
await engine.close();
`;

/** What a program of Node takes that has nothing to do but to start: its own start, and the command. */
const START_COMMAND = `
import "node:http2";
import { execFileSync } from "node:child_process";
const [command, dir, tag] = process.argv.slice(1);
execFileSync(command, ["build", "-q", "-t", tag, dir], { env: { ...process.env, DOCKER_BUILDKIT: "1" } });
`;

interface Client {
  name: string;
  /** Builds and takes the time, in milliseconds. */
  build: () => Promise<number>;
}

const THIS_AUTO = "this client";
const THIS_PROGRAM = "a program that builds once with this client";
const NODE_ALONE = "a Node that loads HTTP/2";
const COMMAND_ALONE = "docker command that only says its version";
const NODE_THEN_COMMAND = "a Node that loads HTTP/2 and starts the docker command";
const THIS_CLASSIC = "this client, classic";
const COMMAND_BUILDKIT = "docker command, BuildKit";
const COMMAND_CLASSIC = "docker command, classic";
const DOCKER_PY = "docker-py (has classic alone)";

/** The two that are compared, side by side. */
const withBuildKit: Client[] = [
  { name: THIS_AUTO, build: () => timed(() => engine.build({ path: dir, tags: tag }).done) },
  { name: COMMAND_BUILDKIT, build: () => timed(() => command("1")) },
];
/** What tells more of BuildKit's builds, and leaves the machine busy. */
const besideBuildKit: Client[] = [
  { name: "the engine alone, BuildKit, given an archive", build: () => curl("&version=2") },
];
/** Processes, from their start to their end. */
const programs: Client[] = [
  { name: THIS_PROGRAM, build: () => timed(() => node(BUILD_ONCE, dir, tag)) },
  { name: COMMAND_BUILDKIT, build: () => timed(() => command("1")) },
  { name: COMMAND_ALONE, build: () => timed(() => run(buildkitCli, ["--version"])) },
  { name: NODE_ALONE, build: () => timed(() => node('import "node:http2";')) },
  { name: NODE_THEN_COMMAND, build: () => timed(() => node(START_COMMAND, buildkitCli, dir, tag)) },
];
const withClassic: Client[] = [
  { name: THIS_CLASSIC, build: () => timed(() => engine.build({ path: dir, tags: tag, builder: "classic" }).done) },
  { name: COMMAND_CLASSIC, build: () => timed(() => command("0")) },
  {
    name: DOCKER_PY,
    async build() {
      dockerPy.stdin.write(`${dir} ${tag}\n`);
      return Number((await dockerPyAnswers.next()).value);
    },
  },
  { name: "the engine alone, classic", build: () => curl("") },
];

/** What the numbers are held against: like with like, and what a caller gets who asks for nothing. */
const RATIOS: [string, string, string][] = [
  [THIS_AUTO, COMMAND_BUILDKIT, "1.0"],
  [THIS_PROGRAM, COMMAND_BUILDKIT, "1.0"],
  [NODE_THEN_COMMAND, COMMAND_BUILDKIT, "none: about where a program of Node can be"],
  [THIS_AUTO, DOCKER_PY, "0.5"],
  [THIS_CLASSIC, COMMAND_CLASSIC, "1.0"],
  [THIS_CLASSIC, DOCKER_PY, "0.5, as far as the engine's own share allows"],
  [THIS_CLASSIC, "the engine alone, classic", "none: how near it is to what is possible"],
];

function command(buildkit: "0" | "1"): Promise<unknown> {
  return run(buildkit === "1" ? buildkitCli! : classicCli!, ["build", "-q", "-t", tag, dir], {
    env: { ...process.env, DOCKER_BUILDKIT: buildkit },
  });
}

const node = (program: string, ...args: string[]) =>
  run(process.execPath, ["--input-type=module", "-e", program, ...args]);

async function curl(query: string): Promise<number> {
  await run("tar", ["-C", dir, "-cf", archive, "."]);
  const url = `http://localhost/v1.41/build?t=${encodeURIComponent(tag)}&rm=1${query}`;
  const headers = ["-H", "Content-Type: application/x-tar", "-H", "Expect:"];
  const socket = DOCKER_HOST!.slice("unix://".length);
  return timed(async () => {
    const args = ["-sS", "--fail", "--unix-socket", socket, ...headers, "--data-binary", `@${archive}`, url];
    const { stdout } = await run("curl", args, { maxBuffer: 1e9 });
    if (/"errorDetail"/.test(stdout)) throw new Error(stdout.slice(-2_000));
  });
}

function print(scenario: string, files: number, times: ReadonlyMap<string, number[]>): void {
  console.log(`\n${scenario} (${files} files, ms):`);
  console.log(`  ${"median".padStart(7)} ${"fastest".padStart(8)} ${"builds".padStart(6)}`);
  for (const [name, list] of times) {
    const numbers = [
      median(list).toFixed(0).padStart(7),
      Math.min(...list)
        .toFixed(0)
        .padStart(8),
    ];
    console.log(`  ${numbers.join(" ")} ${String(list.length).padStart(6)}  ${name}`);
  }
  printFloor(times);
  for (const [ours, theirs, target] of RATIOS.filter((names) => times.has(names[0]) && times.has(names[1]))) {
    const ratio = median(times.get(ours)!) / median(times.get(theirs)!);
    console.log(`  ${ratio.toFixed(2).padStart(7)} x ${theirs} <- ${ours} (target ${target})`);
  }
}

/** A program of Node starts as that Node does, and then waits for the engine as the command does when it has started. */
function printFloor(times: ReadonlyMap<string, number[]>): void {
  const [node, started, command] = [NODE_ALONE, COMMAND_ALONE, COMMAND_BUILDKIT].map((name) => times.get(name));
  if (!node || !started || !command) return;
  const floor = median(node) + median(command) - median(started);
  console.log(
    `  ${(floor / median(command)).toFixed(2).padStart(7)} x ${COMMAND_BUILDKIT} <- the least for a program of Node`,
  );
}

/** The same folder at another place: to BuildKit, which knows folders by their path, a new one. */
let moves = 0;
async function move(): Promise<void> {
  // Not copied: a file system that has just removed thousands of files is slow to make new ones, whoever asks.
  const next = join(parent, `context-${moves++}`);
  await rename(dir, next);
  dir = next;
}

let edits = 0;
const edit = () => writeFile(join(dir, "src", "d7", "f7.txt"), `line\nedit ${process.pid} ${edits++}\n`);

async function writeFiles(from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++) {
    const folder = join(dir, "src", `d${i % 40}`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `f${Math.floor(i / 40)}.txt`), `${i}\n`.repeat(200));
  }
}

try {
  await writeFiles(0, FILES);
  await writeFile(join(dir, "Dockerfile"), `FROM ${base}\nLABEL ${label}\nCOPY . /app\nRUN ls /app > /listing\n`);
  await edit();
  for (let round = 0; round < WARM_UPS.buildkit; round++) for (const { build } of withBuildKit) await build();
  for (const { build } of [...besideBuildKit, ...programs]) await build();
  for (let round = 0; round < WARM_UPS.classic; round++) for (const { build } of withClassic) await build();
  const all = [withBuildKit, besideBuildKit, withClassic];
  for (const [scenario, files, prepare, groups] of [
    ["no change", FILES, async () => {}, all],
    ["no change, whole programs", FILES, async () => {}, [programs]],
    ["one line changed", FILES, edit, all],
    ["a new folder", FILES, move, [withBuildKit]],
    ["a new folder", MANY_FILES, move, [withBuildKit]],
  ] as const) {
    if (files === MANY_FILES) await writeFiles(FILES, MANY_FILES);
    const times = new Map<string, number[]>();
    for (const clients of groups) {
      for (const { name } of clients) times.set(name, []);
      // Builds differ more from one to the next than two clients do.
      const rounds = ROUNDS * (clients === besideBuildKit ? 1 : clients === withClassic ? 2 : 3);
      for (let round = 0; round < rounds; round++) {
        // There and back again: nobody always comes after the one that leaves the machine busy.
        for (const { name, build } of round % 2 === 0 ? clients : clients.toReversed()) {
          await prepare();
          times.get(name)!.push(await build());
        }
      }
    }
    print(scenario, files, times);
  }
} finally {
  dockerPy.stdin.end();
  await once(dockerPy, "exit");
  // Also those that a later build has taken the name from.
  const images = await engine.images.list({ all: true, filters: { label: [label] } });
  for (const { Id } of images) {
    // An image that another one stands on goes with that one.
    await engine.images.remove(Id, { force: true }).catch((error: unknown) => {
      if (![404, 409].includes((error as { status?: number }).status ?? 0)) console.error(String(error));
    });
  }
  await engine.close();
  await rm(parent, { recursive: true });
}
