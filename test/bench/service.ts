/**
 * What the local service adds to the engine's own build of a large context, in one run, in turns, on one engine:
 *
 * - a context of 17,800 small files that nobody has seen: `pulumi-nullspace docker build`, the SDK's build through the
 *   service, and the first `pulumi up` of a Template
 * - the same context after a line of its Dockerfile has changed, so that every file is with the service and the engine:
 *   the docker command and the SDK's build
 *
 *   npm run bench:service [-- rounds]
 *
 * Medians of the rounds (default 3), after one that does not count. Measure on an idle machine.
 */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { startServiceProcess } from "../../scripts/quickstart/local-service.ts";
import { Template } from "../../sdk/index.ts";
import { PulumiProject, repo } from "../e2e/support/pulumi-project.ts";
import { inTurns, median, removeBuiltImages, timed } from "./measure.ts";

const ROUNDS = Number(process.argv[2] ?? 3);
const FILES = 17_800;
const FOLDERS = 178;
const base = process.env.NULLSPACE_BASE_IMAGE;
if (!base) throw new Error("Run it as npm run bench:service: it needs what set-up makes.");
const run = promisify(execFile);

/** What is held against what, with the target: a ratio, and seconds beside it. */
const TARGETS = [
  { ours: "first: the SDK's build", theirs: "first: docker command", ratio: 3, overSeconds: 0 },
  { ours: "first: pulumi up", theirs: "first: docker command", ratio: 3, overSeconds: 0 },
  { ours: "again: the SDK's build", theirs: "again: docker command", ratio: 1.3, overSeconds: 0.5 },
] as const;

const folder = mkdtempSync(join(tmpdir(), "nullspace-bench-"));
const dataDir = join(folder, "service");
let count = 0;

/** A context whose every file is new to everybody. */
function plant(): string {
  const root = join(folder, `context-${++count}`);
  for (let i = 0; i < FILES; i++) {
    const dir = join(root, `d${i % FOLDERS}`);
    if (i < FOLDERS) mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, `f${Math.floor(i / FOLDERS)}.txt`), `${process.pid} ${count} ${i}\n`.repeat(40));
  }
  editDockerfile(root);
  return root;
}

function editDockerfile(root: string): void {
  writeFileSync(join(root, "Dockerfile"), `FROM ${base}\nCOPY . /app\nLABEL edit=${process.pid}-${++count}\n`);
}

const tag = `nullspace-bench-service-${process.pid}:1`;
const dockerCommand = (root: string) =>
  run(process.execPath, [join(repo, "dist", "bin", "pulumi-nullspace.js"), "docker", "build", "-q", "-t", tag, root]);

const service = await startServiceProcess({
  command: process.execPath,
  args: [join(repo, "service", "dist", "bin", "nullspace-local.js")],
  dataDir,
  logFile: join(folder, "service.log"),
  env: { ...process.env, NULLSPACE_LOCAL_BASE_IMAGE: base },
});
const options = { apiKey: service.env.NULLSPACE_API_KEY, baseUrl: service.env.NULLSPACE_API_URL };
/** A template for each context: what BuildKit keeps for the next build is the template's last context. */
const sdkBuild = (root: string) =>
  Template.build(Template.fromDockerfile(join(root, "Dockerfile")), basename(root), options);

/** In a stack of its own, with the time of the program without the Template left in. */
async function firstUp(root: string): Promise<number> {
  const program = `"use strict";
const nullspace = require("pulumi-nullspace/native");
new nullspace.Template("large", { name: "bench-up-${++count}", context: ${JSON.stringify(root)} });
`;
  using project = new PulumiProject({ program, env: service.env });
  await project.ok("stack", "init", "dev");
  return await timed(() => project.ok("up", "--yes", "--skip-preview"));
}

/** Plants before the clock starts. */
function withNew(work: (root: string) => Promise<number>): () => Promise<number> {
  return async () => {
    const root = plant();
    // A file of this very moment is not read before its times can be trusted, and nobody builds so soon.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const ms = await work(root);
    rmSync(root, { recursive: true });
    return ms;
  };
}

try {
  const root = plant();
  const again = (build: (root: string) => Promise<unknown>) => () => {
    editDockerfile(root);
    return timed(() => build(root));
  };
  const times = await inTurns(
    {
      "first: docker command": withNew((root) => timed(() => dockerCommand(root))),
      "first: the SDK's build": withNew((root) => timed(() => sdkBuild(root))),
      "first: pulumi up": withNew(firstUp),
      "again: docker command": again(dockerCommand),
      "again: the SDK's build": again(sdkBuild),
    },
    ROUNDS,
  );
  console.log(`a context of ${FILES} small files, medians of ${ROUNDS} rounds`);
  for (const [name, all] of Object.entries(times)) console.log(`  ${seconds(median(all))} s  ${name}`);
  for (const { ours, theirs, ratio, overSeconds } of TARGETS) {
    const [own, other] = [median(times[ours]!), median(times[theirs]!)];
    const target = `${ratio} x${overSeconds > 0 ? ` and ${overSeconds} s` : ""}`;
    const met = own <= other * ratio + overSeconds * 1000 ? "met" : "missed";
    console.log(`  ${(own / other).toFixed(2).padStart(6)} x ${theirs} <- ${ours} (target ${target}: ${met})`);
  }
} finally {
  await service.stop();
  await removeBuiltImages(dataDir);
  await run(process.env.NULLSPACE_DOCKER_BUILDKIT_CLI ?? "docker", ["rmi", "-f", tag]).catch(() => undefined);
  rmSync(folder, { recursive: true });
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2).padStart(6);
}
