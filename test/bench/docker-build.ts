/**
 * Time from call to image of this client, the Docker command line and docker-py, in one run, on one engine: a build in
 * which nothing has changed, and one in which a line of one file has. The context has 2,000 files.
 *
 *   node --conditions=nullspace-source test/bench/docker-build.ts [rounds]
 *
 * Needs DOCKER_HOST, NULLSPACE_BASE_IMAGE, `docker` on PATH, and docker-py for NULLSPACE_PYTHON (default python3).
 * The command line and docker-py run as processes that are started for each build, as they are used; so is this client
 * in its command, and it is measured as a library beside.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { DockerEngine } from "../../sdk/docker/index.ts";

const FILES = 2_000;
const ROUNDS = Number(process.argv[2] ?? 7);
const base = process.env.NULLSPACE_BASE_IMAGE;
if (!base || !process.env.DOCKER_HOST) throw new Error("DOCKER_HOST and NULLSPACE_BASE_IMAGE must be set.");

const run = promisify(execFile);
const tag = `nullspace-bench-${process.pid}:1`;
const dir = await mkdtemp(join(tmpdir(), "nullspace-bench-"));
const engine = new DockerEngine();

const PYTHON = `
import docker, os, sys, time
client = docker.from_env(timeout=600)
started = time.perf_counter()
client.images.build(path=sys.argv[1], tag=sys.argv[2], rm=True)
print((time.perf_counter() - started) * 1000)
`;
const bin = new URL("../../bin/pulumi-nullspace.ts", import.meta.url).pathname;
const python = process.env.NULLSPACE_PYTHON ?? "python3";

/** Each takes the time of one build itself, in ms; start-up of a process counts only where it says so. */
const clients: Record<string, () => Promise<number>> = {
  "this client, BuildKit": () => timed(() => engine.build({ path: dir, tags: tag, builder: "buildkit" }).done),
  "this client, classic": () => timed(() => engine.build({ path: dir, tags: tag, builder: "classic" }).done),
  "this client's command": () =>
    timed(() =>
      run(process.execPath, ["--conditions=nullspace-source", bin, "docker", "build", dir, "-t", tag, "--json"], {
        maxBuffer: 1e9,
      }),
    ),
  "docker command": () =>
    timed(() =>
      run("docker", ["build", "-q", "-t", tag, dir], {
        env: { ...process.env, DOCKER_BUILDKIT: process.env.DOCKER_BUILDKIT ?? "0" },
      }),
    ),
  "docker-py (without Python's start)": async () => Number((await run(python, ["-c", PYTHON, dir, tag])).stdout),
};

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

let edits = 0;
const edit = () => writeFile(join(dir, "src", "d7", "f7.txt"), `line\nedit ${edits++}\n`);

try {
  for (let i = 0; i < FILES; i++) {
    const folder = join(dir, "src", `d${i % 40}`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `f${Math.floor(i / 40)}.txt`), `${i}\n`.repeat(200));
  }
  await writeFile(join(dir, "Dockerfile"), `FROM ${base}\nCOPY . /app\nRUN ls /app > /listing\n`);
  for (const [scenario, prepare] of [
    ["no change", async () => {}],
    ["one line changed", edit],
  ] as const) {
    const times = new Map<string, number[]>(Object.keys(clients).map((name) => [name, []]));
    for (const build of Object.values(clients)) await build();
    // In turns, so that what else the machine does meets all of them.
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, build] of Object.entries(clients)) {
        await prepare();
        times.get(name)!.push(await build());
      }
    }
    console.log(`${scenario} (${FILES} files, median of ${ROUNDS}):`);
    for (const [name, list] of times) console.log(`  ${median(list).toFixed(0).padStart(6)} ms  ${name}`);
  }
} finally {
  await engine.images.remove(tag, { force: true }).catch((error: unknown) => console.error(String(error)));
  await engine.close();
  await rm(dir, { recursive: true });
}
