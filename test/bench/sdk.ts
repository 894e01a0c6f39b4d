/**
 * The SDK against the published Python client, in one run, in turns, on one service:
 *
 * - a build in which nothing has changed, of a context of 2,000 files; neither side's start counts: both clients stay in
 *   one process and build again and again
 * - how long after an entry of a log was written a follower has it
 * - what importing costs: the compiled SDK and an empty program, the Python client and an empty program
 *
 *   npm run bench:sdk [-- rounds]
 *
 * Needs DOCKER_HOST, NULLSPACE_BASE_IMAGE and NULLSPACE_PYTHON, as set-up makes them, and the compiled package.
 */
import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Template, type TemplateCallOptions } from "../../sdk/index.ts";
import { startBenchService } from "./bench-service.ts";
import { inTurns, quantile, timed } from "./measure.ts";

const FILES = 2_000;
const LOG_LINES = 60;
const ROUNDS = Number(process.argv[2] ?? 11);
const python = process.env.NULLSPACE_PYTHON;
const base = process.env.NULLSPACE_BASE_IMAGE;
if (!python || !base) throw new Error("NULLSPACE_PYTHON and NULLSPACE_BASE_IMAGE must be set: npm run bench:sdk does.");

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

/** Answers each line `build DOCKERFILE NAME` or `follow DOCKERFILE NAME` with milliseconds, a JSON list of them. */
const PYTHON = `
import datetime, json, sys, time
from nullspace import Template
for line in sys.stdin:
    what, path, name = line.split()
    builder = Template.from_dockerfile(path)
    started = time.perf_counter()
    if what == "build":
        Template.build(builder, name)
        times = [(time.perf_counter() - started) * 1000]
    else:
        handle, times = Template.build_in_background(builder, name, skip_cache=True), []
        for entry in handle.logs(follow=True):
            seen = datetime.datetime.now(datetime.timezone.utc)
            times.append((seen - entry.timestamp).total_seconds() * 1000)
    print(json.dumps(times), flush=True)
`;

/** A long-lived process of the Python client. */
function startPython(env: NodeJS.ProcessEnv) {
  const child = spawn(python!, ["-c", PYTHON], { env, stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(what: "build" | "follow", dockerfile: string, name: string): Promise<number[]> {
      child.stdin.write(`${what} ${dockerfile} ${name}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error("the Python client ended");
      return JSON.parse(value) as number[];
    },
    end: () => child.stdin.end(),
  };
}

function print(title: string, rows: Record<string, number[]>): void {
  console.log(title);
  for (const [name, values] of Object.entries(rows)) {
    const [middle, worst] = [quantile(values, 0.5), quantile(values, 1)];
    console.log(`  ${middle.toFixed(1).padStart(8)} ms  (worst ${worst.toFixed(1).padStart(8)})  ${name}`);
  }
}

async function contextOf(dir: string): Promise<string> {
  for (let i = 0; i < FILES; i++) {
    const folder = join(dir, "src", `d${i % 40}`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `f${Math.floor(i / 40)}.txt`), `${i}\n`.repeat(200));
  }
  const dockerfile = join(dir, "Dockerfile");
  await writeFile(dockerfile, `FROM ${base}\nCOPY . /app\n`);
  return dockerfile;
}

async function talkativeIn(dir: string): Promise<string> {
  await mkdir(dir);
  const dockerfile = join(dir, "Dockerfile");
  const command = `i=0; while [ $i -lt ${LOG_LINES} ]; do echo line $i; i=$((i+1)); sleep 0.02; done`;
  await writeFile(dockerfile, `FROM ${base}\nRUN ${command}\n`);
  return dockerfile;
}

async function follow(options: TemplateCallOptions, dockerfile: string): Promise<number[]> {
  const builder = Template.fromDockerfile(dockerfile);
  await using build = await Template.buildInBackground(builder, "bench-follow", { ...options, skipCache: true });
  const times: number[] = [];
  for await (const { timestamp } of build.logs({ follow: true })) times.push(Date.now() - Date.parse(timestamp));
  return times;
}

function start(command: string, args: string[]): () => Promise<number> {
  return () => timed(() => run(command, args));
}

const dir = await mkdtemp(join(tmpdir(), "nullspace-bench-"));
const service = await startBenchService(dir, base);
const options = { apiKey: service.env.NULLSPACE_API_KEY, baseUrl: service.env.NULLSPACE_API_URL };
const py = startPython({ ...process.env, ...service.env, NO_PROXY: "127.0.0.1" });
try {
  const dockerfile = await contextOf(join(dir, "context"));
  const builds = await inTurns(
    {
      "this SDK": () => timed(() => Template.build(Template.fromDockerfile(dockerfile), "bench-ours", options)),
      "Python client": async () => (await py.ask("build", dockerfile, "bench-python"))[0]!,
    },
    ROUNDS,
  );
  print(`a build in which nothing changed, ${FILES} files, ${ROUNDS} rounds:`, builds);
  const [ours, theirs] = Object.values(builds).map((times) => quantile(times, 0.5));
  console.log(`  ${(ours! / theirs!).toFixed(2).padStart(8)}     of the Python client's time; aim: at most 0.50`);

  const talkative = await talkativeIn(join(dir, "talkative"));
  print("from an entry's being written to a follower's having it; aim: at most 50 ms:", {
    "this SDK": await follow(options, talkative),
    "Python client": await py.ask("follow", talkative, "bench-follow-python"),
  });

  const imports = `import ${JSON.stringify(join(root, "dist/sdk/index.js"))}`;
  const starts = await inTurns(
    {
      "node, an empty program": start(process.execPath, ["--input-type=module", "--eval", ""]),
      "node, importing the compiled SDK": start(process.execPath, ["--input-type=module", "--eval", imports]),
      "python, an empty program": start(python, ["-c", ""]),
      "python, importing the Python client": start(python, ["-c", "import nullspace"]),
    },
    ROUNDS,
  );
  print("a process from its start to its end:", starts);
  const [empty, importing] = Object.values(starts).map((times) => quantile(times, 0.5));
  console.log(`  ${(importing! - empty!).toFixed(1).padStart(8)} ms  of it the import of the SDK; aim: at most 120`);
} finally {
  py.end();
  await service.stop();
  await rm(dir, { recursive: true });
}
