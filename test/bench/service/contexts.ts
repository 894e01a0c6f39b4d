import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Template } from "../../../sdk/index.ts";
import { PulumiProject } from "../../e2e/support/pulumi-project.ts";
import { inTurns, median, timed } from "../measure.ts";
import { report, type BenchOptions } from "./rows.ts";

const run = promisify(execFile);
const FILES = 17_800;
const FOLDERS = 178;

/**
 * What the local service adds to the engine's own build of a large context:
 *
 * - one of 17,800 small files that nobody has seen: `docker build`, the SDK's build through the service, and the first
 *   `pulumi up` of a Template
 * - the same after a line of its Dockerfile has changed, so that every file is with the service and the engine
 */
export async function benchContexts(env: Record<string, string>, options: BenchOptions): Promise<void> {
  const { base, docker, rounds } = options;
  const service = { apiKey: env.NULLSPACE_API_KEY!, baseUrl: env.NULLSPACE_API_URL! };
  const folder = mkdtempSync(join(tmpdir(), "nullspace-bench-"));
  const tag = `nullspace-bench-service-${process.pid}:1`;
  let count = 0;

  /** A context whose every file is new to everybody. */
  const plant = () => {
    const root = join(folder, `context-${++count}`);
    for (let i = 0; i < FILES; i++) {
      const dir = join(root, `d${i % FOLDERS}`);
      if (i < FOLDERS) mkdirSync(dir, { recursive: true });
      writeFileSync(join(dir, `f${Math.floor(i / FOLDERS)}.txt`), `${process.pid} ${count} ${i}\n`.repeat(40));
    }
    editDockerfile(root);
    return root;
  };
  const editDockerfile = (root: string) =>
    writeFileSync(join(root, "Dockerfile"), `FROM ${base}\nCOPY . /app\nLABEL edit=${process.pid}-${++count}\n`);
  const dockerBuild = (root: string) =>
    run(docker, ["build", "-q", "-t", tag, root], { env: { ...process.env, DOCKER_BUILDKIT: "1" } });
  /** A template a context: what BuildKit keeps for the next build is the template's last context. */
  const sdkBuild = (root: string) =>
    Template.build(Template.fromDockerfile(join(root, "Dockerfile")), basename(root), service);
  /** In a stack of its own, with the time of the program without the Template left in. */
  const firstUp = async (root: string) => {
    const program = `"use strict";
const nullspace = require("pulumi-nullspace/native");
new nullspace.Template("large", { name: "bench-up-${++count}", context: ${JSON.stringify(root)} });
`;
    using project = new PulumiProject({ program, env });
    await project.ok("stack", "init", "dev");
    return await timed(() => project.ok("up", "--yes", "--skip-preview"));
  };
  /** Plants before the clock starts. */
  const withNew = (work: (root: string) => Promise<number>) => async () => {
    const root = plant();
    // A file of this very moment is not read before its times can be trusted, and nobody builds so soon.
    await sleep(100);
    const ms = await work(root);
    rmSync(root, { recursive: true });
    return ms;
  };
  const known = plant();
  const again = (build: (root: string) => Promise<unknown>) => () => {
    editDockerfile(known);
    return timed(() => build(known));
  };

  try {
    const times = await inTurns(
      {
        "first: docker build": withNew((root) => timed(() => dockerBuild(root))),
        "first: the SDK's build": withNew((root) => timed(() => sdkBuild(root))),
        "first: pulumi up": withNew(firstUp),
        "again: docker build": again(dockerBuild),
        "again: the SDK's build": again(sdkBuild),
      },
      rounds,
    );
    const row = (name: string) => ({ name, ms: median(times[name]!) });
    report(`a context of ${FILES} small files, medians of ${rounds} rounds`, [
      row("first: docker build"),
      { ...row("first: the SDK's build"), target: { times: 3, of: "first: docker build" } },
      { ...row("first: pulumi up"), target: { times: 3, of: "first: docker build" } },
      row("again: docker build"),
      { ...row("again: the SDK's build"), target: { times: 1.3, of: "again: docker build", andMs: 500 } },
    ]);
  } finally {
    await run(docker, ["rmi", "-f", tag]).catch(() => undefined);
    rmSync(folder, { recursive: true });
  }
}
