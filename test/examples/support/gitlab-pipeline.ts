import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { runToEnd } from "../../../scripts/quickstart/command.ts";
import { repo } from "../../e2e/support/pulumi-project.ts";
import type { Example } from "./example.ts";

/** Lines that only install something: this machine has it. */
export const INSTALL_LINES = [
  'curl -fsSL https://get.pulumi.com | sh -s -- --version "$PULUMI_VERSION"',
  'export PATH="$HOME/.pulumi/bin:$PATH"',
  "npm ci",
] as const;

/** How a pipeline ended. */
export interface PipelineResult {
  exitCode: number;
  /** All that its jobs printed, each line behind the name of its job. */
  text: string;
  /** Jobs that ran, in their order, and how they ended. */
  jobs: Record<string, "passed" | "failed">;
}

/** What a project of GitLab is set to: a variable for all jobs, or one for each environment. */
export type ProjectVariables = Record<string, string | Record<string, string>>;

/**
 * Plays `.gitlab-ci.yml` in the working copy with gitlab-ci-local: it holds the file against GitLab's schema, decides by
 * the rules which jobs run, and runs their lines.
 */
export class GitLabPipeline {
  readonly #example: Example;
  readonly #machine: Record<string, string>;
  readonly #variables: ProjectVariables;

  constructor(example: Example, machine: Record<string, string>, variables: ProjectVariables) {
    this.#example = example;
    this.#machine = machine;
    this.#variables = variables;
  }

  /** @param predefined variables that GitLab sets for such a pipeline @param manual jobs whose button is pressed */
  async run(predefined: Record<string, string>, manual: readonly string[] = []): Promise<PipelineResult> {
    const result = await this.#call(
      predefined,
      manual.flatMap((job) => ["--manual", job]),
    );
    const ended = [...result.text.matchAll(/^ *(PASS|FAIL) +(\S+)/gm)];
    const jobs = ended.map(([, word, job]) => [job!, word === "PASS" ? "passed" : "failed"] as const);
    return { ...result, jobs: Object.fromEntries(jobs) };
  }

  /** The jobs that such a pipeline has, without running them. */
  async list(predefined: Record<string, string>): Promise<{ name: string; stage: string; when: string }[]> {
    const { exitCode, text, stdout } = await this.#call(predefined, ["--list-json"]);
    if (exitCode !== 0) throw new Error(`gitlab-ci-local ended with exit code ${exitCode}\n${text}`);
    const jobs = JSON.parse(stdout.slice(stdout.indexOf("\n[") + 1)) as { name: string; stage: string; when: string }[];
    return jobs.filter(({ when }) => when !== "never").map(({ name, stage, when }) => ({ name, stage, when }));
  }

  async #call(predefined: Record<string, string>, args: readonly string[]) {
    const { dir } = this.#example;
    // Beside the copy: a job must not find it.
    const [file, variables] = [join(dir, "..", "gitlab-ci.yml"), join(dir, "..", "gitlab-variables.yml")];
    writeFileSync(file, withoutInstalls(this.#example.read(".gitlab-ci.yml")));
    const scoped = Object.entries(this.#variables).map(([name, value]) => {
      return [name, typeof value === "string" ? value : { type: "variable", values: value }];
    });
    writeFileSync(variables, stringify(Object.fromEntries(scoped)));
    const set = Object.entries({ GITLAB_CI: "true", ...predefined });
    const command = [
      join(repo, "node_modules", "gitlab-ci-local", "dist", "index.js"),
      "--force-shell-executor",
      ...["--file", "../gitlab-ci.yml", "--variables-file", "../gitlab-variables.yml"],
      ...set.flatMap(([name, value]) => ["--variable", `${name}=${value}`]),
      ...["--ignore-predefined-vars", set.map(([name]) => name).join(",")],
      ...args,
    ];
    const env = { ...this.#machine, HOME: this.#example.env.HOME! };
    const result = await runToEnd(process.execPath, command, { cwd: dir, env });
    return { ...result, text: result.stdout + result.stderr };
  }
}

function withoutInstalls(text: string): string {
  const file = parse(text) as { ".pulumi": { before_script: string[] } };
  const { before_script: lines } = file[".pulumi"];
  file[".pulumi"].before_script = lines.filter((line) => !INSTALL_LINES.some((each) => each === line));
  return stringify(file);
}
