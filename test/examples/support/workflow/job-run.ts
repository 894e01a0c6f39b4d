import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, runToEnd } from "../../../../scripts/quickstart/command.ts";
import { fillIn, isWanted, type Contexts, type JobStatus } from "./expressions.ts";
import type { Job, Step } from "./workflow-file.ts";

/** Steps that only install something: their work is done for every job, by the packages and programs of this machine. */
export const INSTALLS = ["actions/setup-node@v7", "pulumi/actions@v7", "npm ci"] as const;

/** How a job ended. */
export interface JobResult {
  result: JobStatus | "skipped";
  outputs: Record<string, string>;
  /** What it wrote into its summary. */
  summary: string;
  /** Its steps by their names, or by what they use. */
  steps: Record<string, StepResult>;
  /** The runner's folder for temporary files. It is there until the run is disposed of. */
  temp: string;
}

export interface StepResult {
  outcome: JobStatus | "skipped";
  /** Standard output and error. */
  text: string;
}

/** What a job is given by what runs it. */
export interface JobSurroundings {
  /** A folder of the job's own. */
  root: string;
  /** Where the artifacts of the run are. */
  artifacts: string;
  /** The packages that `npm ci` would install. */
  packages: string;
  /** Address of the repository, and what is checked out of it. */
  repository: string;
  sha: string;
  /** The machine: PATH, the engine. */
  machine: Record<string, string>;
  /** Shell of its steps. */
  shell: string;
  contexts: Contexts;
}

/** Plays the steps of a job, as a runner of GitHub does: each in a shell of its own, with the job's files between them. */
export async function runJob(job: Job, surroundings: JobSurroundings): Promise<JobResult> {
  const play = new JobRun(surroundings, job);
  for (const step of job.steps) await play.step(step);
  return play.end();
}

class JobRun {
  readonly #surroundings: JobSurroundings;
  readonly #job: Job;
  readonly #workspace: string;
  readonly #temp: string;
  readonly #files: Record<"env" | "output" | "summary", string>;
  readonly #results: Record<string, StepResult> = {};
  readonly #byId: Record<string, { outcome: string; outputs: Record<string, string> }> = {};
  #status: JobStatus = "success";
  #env: Record<string, string>;

  constructor(surroundings: JobSurroundings, job: Job) {
    this.#surroundings = surroundings;
    this.#job = job;
    const { root, contexts } = surroundings;
    const folder = (name: string) => {
      mkdirSync(join(root, name), { recursive: true });
      return join(root, name);
    };
    this.#workspace = folder("workspace");
    this.#temp = folder("temp");
    const commands = folder("commands");
    this.#files = { env: join(commands, "env"), output: join(commands, "output"), summary: join(commands, "summary") };
    for (const file of Object.values(this.#files)) writeFileSync(file, "");
    this.#env = {
      ...surroundings.machine,
      HOME: folder("home"),
      RUNNER_TEMP: this.#temp,
      GITHUB_WORKSPACE: this.#workspace,
      GITHUB_ENV: this.#files.env,
      GITHUB_STEP_SUMMARY: this.#files.summary,
      ...fillInAll(job.env, contexts),
    };
  }

  async step(step: Step): Promise<void> {
    const { uses, run: script } = step;
    const name = step.name ?? uses ?? script ?? "";
    const contexts = this.#contexts();
    const outputs = {};
    if (!isWanted(step.if, contexts, this.#status)) {
      this.#results[name] = { outcome: "skipped", text: "" };
    } else if (INSTALLS.some((each) => each === uses || each === script)) {
      this.#results[name] = { outcome: "success", text: "" };
    } else {
      this.#results[name] =
        uses === undefined ? await this.#script(step, contexts) : await this.#action(step, contexts);
      Object.assign(outputs, readPairs(this.#files.output));
      Object.assign(this.#env, readPairs(this.#files.env));
    }
    const { outcome } = this.#results[name]!;
    if (step.id !== undefined) this.#byId[step.id] = { outcome, outputs };
    if (outcome === "failure") this.#status = "failure";
  }

  end(): JobResult {
    return {
      result: this.#status,
      outputs: fillInAll(this.#job.outputs, this.#contexts()),
      summary: readFileSync(this.#files.summary, "utf8"),
      steps: this.#results,
      temp: this.#temp,
    };
  }

  #contexts(): Contexts {
    return { ...this.#surroundings.contexts, env: this.#env, steps: this.#byId };
  }

  async #script(step: Step, contexts: Contexts): Promise<StepResult> {
    // `shell: bash` in a workflow, in the words of GitHub's documentation.
    if (this.#surroundings.shell !== "bash") throw new Error(`no shell ${this.#surroundings.shell} in this runner`);
    writeFileSync(this.#files.output, "");
    const file = join(this.#temp, "step.sh");
    writeFileSync(file, fillIn(step.run!, contexts));
    const { exitCode, stdout, stderr } = await runToEnd("bash", ["--noprofile", "--norc", "-eo", "pipefail", file], {
      cwd: this.#workspace,
      env: { ...this.#env, GITHUB_OUTPUT: this.#files.output, ...fillInAll(step.env, contexts) },
    });
    return { outcome: exitCode === 0 ? "success" : "failure", text: stdout + stderr };
  }

  /** The actions that are no installations, by what they do. */
  async #action(step: Step, contexts: Contexts): Promise<StepResult> {
    const { artifacts, packages } = this.#surroundings;
    const given = fillInAll(step.with, contexts);
    const artifact = join(artifacts, given.name ?? "artifact");
    switch (step.uses) {
      case "actions/checkout@v7":
        await this.#checkout(given);
        symlinkSync(packages, join(this.#workspace, "node_modules"));
        break;
      case "actions/upload-artifact@v7":
        mkdirSync(artifact, { recursive: true });
        cpSync(join(this.#workspace, given.path!), join(artifact, given.path!));
        break;
      case "actions/download-artifact@v8":
        cpSync(artifact, this.#workspace, { recursive: true });
        break;
      default:
        throw new Error(`this runner does not know ${step.uses}: is it an installation?`);
    }
    return { outcome: "success", text: "" };
  }

  async #checkout(given: Record<string, string>): Promise<void> {
    const { repository, sha } = this.#surroundings;
    const git = (...args: string[]) => run("git", args, { cwd: this.#workspace, env: this.#env });
    await git("init", "--quiet");
    await git("remote", "add", "origin", repository);
    if (given["sparse-checkout"] !== undefined) await git("sparse-checkout", "set", given["sparse-checkout"]);
    await git("fetch", "--quiet", `--depth=${given["fetch-depth"] ?? "1"}`, "origin", sha);
    await git("checkout", "--quiet", "--detach", "FETCH_HEAD");
  }
}

function fillInAll(values: Step["with"], contexts: Contexts): Record<string, string> {
  return Object.fromEntries(Object.entries(values ?? {}).map(([key, value]) => [key, fillIn(String(value), contexts)]));
}

/** Lines `name=value` of a file by which steps tell the runner something. */
function readPairs(file: string): Record<string, string> {
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}
