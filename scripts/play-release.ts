/**
 * Plays `.github/workflows/release.yml` on this machine up to publishing: each `run:` line of its jobs, in their order, in a copy of
 * the clone in which the changelog has the version that a release would have. What the runner does itself (checkout, installing
 * tools, artifacts) is done as it would do it. Ends with 1 where a line fails.
 *
 *   npm run play:release
 *   npm run play:release -- packages pypi   only these jobs; what others would have made is then missing
 */
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { copyToAnyFolder } from "./any-folder.mjs";
import { ownTarget } from "./plugin-binary/targets.mjs";
import { runToEnd } from "./quickstart/command.ts";
import { findCommand } from "./setup/platform.mjs";

interface Step {
  name?: string;
  uses?: string;
  run?: string;
  with?: Record<string, string>;
}

/** Lines that are not played, and why. */
const LEFT_OUT: [line: RegExp, reason: string][] = [
  [/^npm ci/, "the packages of this machine are used"],
  [/^\.ci\/run$/, "it is the gate"],
  [/npm publish|gh release|docker push/, "it publishes"],
  [
    /service-image\.mjs/,
    "its base comes from a registry of images: node scripts/service-image.mjs --base … builds on another",
  ],
];

/** Lines that ask for a tool, and what is played where it is not on this machine. */
const WITHOUT: { tool: string; line: string; instead: string }[] = [
  { tool: "dotnet", line: "npm run sdks -- --every", instead: "npm run sdks" },
];

const root = join(import.meta.dirname, "..");
const only = process.argv.slice(2);
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
const copy = copyToAnyFolder(root, { env: process.env, withCompiled: false });
try {
  const changelog = join(copy.root, "CHANGELOG.md");
  writeFileSync(changelog, readFileSync(changelog, "utf8").replace(/^## Unreleased$/m, `## ${version} - 2026-01-31`));
  const { jobs } = parse(readFileSync(join(root, ".github/workflows/release.yml"), "utf8")) as {
    jobs: Record<string, { steps: Step[] }>;
  };
  const artifacts = join(copy.root, "..", "artifacts");
  for (const [id, job] of Object.entries(jobs)) {
    if (only.length > 0 && !only.includes(id)) continue;
    const release = join(copy.root, "release");
    rmSync(release, { recursive: true, force: true });
    for (const step of job.steps) await play(id, step, { release, artifacts });
  }
} finally {
  copy.remove();
}

async function play(job: string, step: Step, folders: { release: string; artifacts: string }): Promise<void> {
  const { uses = "" } = step;
  if (uses.startsWith("actions/upload-artifact@")) {
    cpSync(folders.release, join(folders.artifacts, job), { recursive: true });
  } else if (uses.startsWith("actions/download-artifact@")) {
    mkdirSync(folders.release, { recursive: true });
    for (const name of step.with?.name === undefined ? globSync("*", { cwd: folders.artifacts }) : [step.with.name]) {
      cpSync(join(folders.artifacts, name), folders.release, { recursive: true });
    }
  }
  if (step.run === undefined) return;
  const run = withoutMissingTools(step.run);
  const title = `${job.padEnd(9)} ${(step.name ?? run).padEnd(40)}`;
  const reason = LEFT_OUT.find(([line]) => line.test(run))?.[1];
  if (reason !== undefined) return console.log(`${title}      -   ${reason}`);
  const startedMs = performance.now();
  const env = {
    ...copy.env,
    GITHUB_REF_NAME: `v${version}`,
    RUNNER_TEMP: join(copy.root, ".."),
    TARGET: ownTarget()?.name ?? "",
  };
  const { exitCode, stdout, stderr } = await runToEnd("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", run], {
    cwd: copy.root,
    env,
  });
  const seconds = `${((performance.now() - startedMs) / 1000).toFixed(1)} s`.padStart(8);
  console.log(`${title} ${seconds}  ${exitCode === 0 ? "done" : `FAILED with ${exitCode}`}`);
  if (exitCode === 0) return;
  console.error(stdout + stderr);
  process.exitCode = 1;
}

function withoutMissingTools(run: string): string {
  for (const { tool, line, instead } of WITHOUT) {
    if (!run.includes(line) || findCommand(tool, process.env) !== undefined) continue;
    console.log(`There is no ${tool} on PATH: \`${instead}\` is played for \`${line}\`.`);
    return run.replace(line, instead);
  }
  return run;
}
