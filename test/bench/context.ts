import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, setUp } from "../../scripts/setup.mjs";
import { buildPackages } from "../../scripts/setup/package-build.mjs";
import { pythonClient } from "../../scripts/setup/python-client.mjs";
import type * as Context from "../../sdk/context/index.ts";
import { TwoThreads } from "./context/two-threads.ts";

// `npm run bench:context`: each row is a ratio against a peer measured in the same run, in turns, so that a busy machine is
// busy for both. Rows with "bare calls" are floors: what the system calls alone take from Node. Trees are made in a temporary folder and removed. BENCH_ROUNDS (default 5) measures more often.

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const folder = mkdtempSync(join(tmpdir(), "nullspace-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** What is shipped is measured: compiled JavaScript, not sources that Node has to strip of types in every thread. */
async function compiled(): Promise<typeof Context> {
  const out = join(folder, "dist");
  const root = join(import.meta.dirname, "../..");
  const config = join(folder, "tsconfig.json");
  const compilerOptions = { rootDir: root, outDir: out, typeRoots: [join(root, "node_modules/@types")] };
  const files = ["sdk/context/index.ts", "sdk/context/thread/worker.ts"].map((file) => join(root, file));
  writeFileSync(config, JSON.stringify({ extends: join(root, "tsconfig.base.json"), compilerOptions, files }));
  execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", config], { stdio: "inherit" });
  writeFileSync(join(out, "package.json"), '{"type":"module"}');
  return (await import(join(out, "sdk/context/index.js"))) as typeof Context;
}

function plant(name: string, files: number, bytes: () => number, prefix = ""): string {
  const root = join(folder, name);
  for (let made = 0, d = 0; made < files; d++) {
    const dir = join(root, prefix, `d${d % 20}`, `s${Math.floor(d / 20)}`);
    mkdirSync(dir, { recursive: true });
    for (let i = 0; i < 50 && made < files; i++, made++)
      writeFileSync(join(dir, `file-${i}.txt`), randomBytes(bytes()));
  }
  return root;
}

const small = () => 2000 + Math.floor(Math.random() * 4000);

async function clock(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const median = (times: number[]): number => times.toSorted((a, b) => a - b)[times.length >> 1]!;

interface Row {
  what: string;
  oursMs: number;
  peerMs: number;
  ratio: number;
  target: string;
}
const rows: Row[] = [];

/** Measures both in turns, after one round that does not count; more rounds where what code gains by running matters. */
async function compare(
  what: string,
  target: string,
  ours: () => unknown,
  peer: () => unknown,
  rounds = ROUNDS,
): Promise<void> {
  const times = { ours: [] as number[], peer: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const [a, b] = [await clock(ours), await clock(peer)];
    if (round === 0 && rounds > 1) continue;
    times.ours.push(a);
    times.peer.push(b);
  }
  const [oursMs, peerMs] = [median(times.ours), median(times.peer)];
  rows.push({ what, oursMs, peerMs, ratio: oursMs / peerMs, target });
  print(rows.at(-1)!);
}

function print({ what, oursMs, peerMs, ratio, target }: Row): void {
  console.log(
    `${what.padEnd(66)} ${oursMs.toFixed(0).padStart(7)} ${peerMs.toFixed(0).padStart(8)} ${ratio.toFixed(2).padStart(7)}  ${target}`,
  );
}

/** The Python that set-up makes with docker-py in it: there already, or made now. */
async function pythonWithDocker(): Promise<string | undefined> {
  try {
    const { env } = await setUp({ profile: "test", steps: [pythonClient], log: () => undefined });
    return env["NULLSPACE_PYTHON"];
  } catch (error) {
    console.log(`NOT MEASURED: docker-py's tar. ${describe(error)}`);
    return undefined;
  }
}

function filesIn(root: string): string[] {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

async function withTwoThreads(paths: readonly string[], use: (bare: TwoThreads) => Promise<void>): Promise<void> {
  const bare = new TwoThreads(paths);
  await use(bare);
  await bare.end();
}

const sh = (command: string, cwd: string) => execFileSync("sh", ["-c", command], { cwd, stdio: "ignore" });
const sha256sum = (cwd: string) => sh("find . -type f -print0 | xargs -0 -P2 -n 2000 sha256sum", cwd);

const { readContext, tarContext } = await compiled();
const hash = (dir: string, statCache: Context.ContextOptions["statCache"] = false) =>
  readContext({ dir, dockerfile: false, statCache });
async function drain(dir: string): Promise<void> {
  const context = await hash(dir, true);
  for await (const chunk of tarContext(context)) void chunk;
}

console.log(`${"".padEnd(66)} ${"ours ms".padStart(7)} ${"peer ms".padStart(8)} ${"ratio".padStart(7)}  target`);

for (const files of [100, 2_000]) {
  const dir = plant(`t${files}`, files, small);
  await compare(
    `hash ${files} small files / find|xargs sha256sum`,
    "",
    () => hash(dir),
    () => sha256sum(dir),
  );
}

const dir = plant("t20000", 20_000, small);
await compare(
  "hash 20,000 small files / find|xargs sha256sum",
  "<= 0.6",
  () => hash(dir),
  () => sha256sum(dir),
  2 * ROUNDS,
);
await withTwoThreads(filesIn(dir), (bare) =>
  compare(
    "  bare calls in two threads, paths known / find|xargs sha256sum",
    "",
    () => bare.run("digest"),
    () => sha256sum(dir),
    2 * ROUNDS,
  ),
);
const python = await pythonWithDocker();
if (python !== undefined) {
  const program =
    "import sys,docker.utils.build as b,docker.utils as u; f=b.tar(sys.argv[1],exclude=['*.log']); f.close()";
  await compare(
    "hash 20,000 small files / docker-py's tar",
    "<= 0.1",
    () => hash(dir),
    () => execFileSync(python, ["-c", program, dir]),
    3,
  );
}
const gitAdd = () =>
  sh(`rm -rf ${folder}/git && git init -q ${folder}/git && git --git-dir=${folder}/git/.git --work-tree=. add -A`, dir);
await compare("hash 20,000 small files / git add -A", "<= 0.1", () => hash(dir), gitAdd, 3);
await compare(
  "second hash, stat cache in memory / first",
  "<= 0.5",
  () => hash(dir, true),
  () => hash(dir),
  3 * ROUNDS,
);
const cache = join(folder, "stat-cache");
await compare(
  "second hash, stat cache in a file / first",
  "<= 0.5",
  () => hash(dir, cache),
  () => hash(dir),
  3 * ROUNDS,
);

/** "Has anything changed?", asked of Git with a warm index: all is committed, so that it prints nothing. */
async function compareUnchanged(files: string, dir: string, rounds: number): Promise<void> {
  const kept = { folder: join(folder, "kept") };
  const git = ["--git-dir", join(folder, `git-${files}`), "--work-tree", dir];
  const run = (...args: string[]) => execFileSync("git", [...git, ...args], { cwd: dir, maxBuffer: 64 * 1024 * 1024 });
  execFileSync("git", ["init", "-q", "--bare", git[1]!]);
  run("config", "core.bare", "false");
  // Else Git packs what it has just been given beside all that is measured next.
  run("config", "maintenance.auto", "false");
  run("add", "-A");
  run("-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "-q", "-m", "all");
  const status = () => run("status", "--porcelain");
  if (status().length > 0) throw new Error("git sees a change where there is none");
  const env = { ...process.env, NULLSPACE_STAT_CACHE: kept.folder };
  const command = [join(import.meta.dirname, "../../dist/bundle/pulumi-nullspace.js"), "context", "hash"];
  const whole = () => execFileSync(process.execPath, [...command, "--no-dockerfile", dir], { env });
  await hash(dir, kept);
  const name = `unchanged ${files} files`;
  await compare(`${name}, in process / git status`, "<= 1.0", () => hash(dir, kept), status, rounds);
  await withTwoThreads(filesIn(dir), (bare) =>
    compare("  bare calls in two threads, paths known / git status", "", () => bare.run("look"), status, rounds),
  );
  await compare(`${name}, whole command / git status`, "<= 2.0", whole, status, rounds);
  // In one thread: another takes as long to start.
  const list = join(folder, `names-${files}`);
  writeFileSync(list, run("ls-files", "-z"));
  const look =
    'const { lstatSync, readFileSync } = require("node:fs");' +
    'for (const name of readFileSync(process.argv[1], "latin1").split("\\0")) if (name !== "") lstatSync(name);';
  const looks = () => execFileSync(process.execPath, ["-e", look, list], { cwd: dir });
  await compare("  bare calls, by a Node that starts for them / git status", "", looks, status, rounds);
}

await buildPackages({ root: join(import.meta.dirname, "../.."), env: process.env });
await compareUnchanged("20,000", dir, 3 * ROUNDS);

const web = plant("web", 2_000, small);
const withIgnored = plant("web-ignored", 2_000, small);
plant("web-ignored", 100_000, () => 10, "node_modules");
const readWeb = (root: string) =>
  readContext({ dir: root, dockerfile: false, statCache: false, ignorePatterns: ["**/node_modules"] });
await compare(
  "monorepo with 100,000 ignored files / without them",
  "+ < 5 ms",
  () => readWeb(withIgnored),
  () => readWeb(web),
  15,
);

const large = plant("t200000", 200_000, small);
await compare(
  "hash 200,000 small files / find|xargs sha256sum",
  "<= 0.6",
  () => hash(large),
  () => sha256sum(large),
  3,
);

await compareUnchanged("200,000", large, 3);

const big = join(folder, "big");
mkdirSync(big);
for (let i = 0; i < 8; i++) sh(`head -c 268435456 /dev/urandom > f${i}`, big);
await compare(
  "hash 2 GB in big files / find|xargs sha256sum",
  "",
  () => hash(big),
  () => sh("find . -type f -print0 | xargs -0 -P2 -n 4 sha256sum", big),
  3,
);
await hash(big, true);
await compare(
  "tar 2 GB in big files / tar|cat (speed = 1 / ratio)",
  "<= 1.43",
  () => drain(big),
  () => sh("tar cf - . | cat >/dev/null", big),
  3,
);

// Memory and freedom of the event loop, each in a process of its own. Linux hands getrusage's maximum down to a child, so
// that this process's would be read there: VmHWM is the child's own.
const probe = `
  const { readContext, tarContext } = await import(process.argv[1]);
  const { monitorEventLoopDelay } = await import("node:perf_hooks");
  const loop = monitorEventLoopDelay({ resolution: 1 }); loop.enable();
  const context = await readContext({ dir: process.argv[2], dockerfile: false, statCache: false });
  for await (const chunk of tarContext(context)) void chunk;
  loop.disable();
  const { readFileSync } = await import("node:fs");
  const peakKb = Number(/^VmHWM:\\s+(\\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))[1]);
  console.log(JSON.stringify({ rssMb: peakKb / 1024, loopMs: loop.max / 1e6 }));`;
for (const [what, root] of [
  ["hash + tar of 20,000 files", dir],
  ["hash + tar of 200,000 files", large],
  ["hash + tar of 2 GB", big],
] as const) {
  const output = execFileSync(
    process.execPath,
    ["--input-type=module", "-e", probe, join(folder, "dist/sdk/context/index.js"), root],
    { encoding: "utf8" },
  );
  const { rssMb, loopMs } = JSON.parse(output) as { rssMb: number; loopMs: number };
  console.log(
    `${what.padEnd(66)} resident ${rssMb.toFixed(0)} MB (< 150), event loop held ${loopMs.toFixed(0)} ms at most (< 50)`,
  );
}

const controller = new AbortController();
const ending = readContext({ dir: big, dockerfile: false, statCache: false, signal: controller.signal }).catch(
  () => undefined,
);
await new Promise((resolve) => setTimeout(resolve, 150));
const cancelledMs = await clock(() => (controller.abort(), ending));
console.log(`${"cancelled while hashing 2 GB".padEnd(66)} after ${cancelledMs.toFixed(0)} ms (< 100)`);
