import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isWanted } from "./expressions.ts";
import { runJob, type JobResult } from "./job-run.ts";
import { readWorkflow, type Job } from "./workflow-file.ts";

/** What starts a workflow. */
export interface WorkflowEvent {
  name: "pull_request" | "push" | "workflow_dispatch";
  ref: string;
  sha: string;
  /** The event as GitHub describes it to the workflow. */
  payload?: Record<string, unknown>;
  inputs?: Record<string, string>;
}

/** What a repository of GitHub is set to. */
export interface RepositorySettings {
  /** `owner/name` */
  name: string;
  /** Address that its jobs clone from. */
  url: string;
  apiUrl: string;
  variables: Record<string, string>;
  secrets: Record<string, string>;
  /** Environments: their secrets, and what happens before a job gets in. */
  environments: Record<string, { secrets: Record<string, string>; approve?: () => Promise<void> }>;
  /** Makes the job's own token. */
  token(permissions: Record<string, string>): string;
}

/** Plays workflows on this machine, job by job, with nothing of its environment but what a hosted runner has. */
export class WorkflowRunner implements Disposable {
  readonly #root = mkdtempSync(join(tmpdir(), "nullspace-runner-"));
  readonly #settings: RepositorySettings;
  readonly #packages: string;
  readonly #machine: Record<string, string>;
  #runs = 0;

  /** @param machine PATH and the like @param packages the folder `node_modules` that `npm ci` would make */
  constructor(
    settings: RepositorySettings,
    { packages, machine }: { packages: string; machine: Record<string, string> },
  ) {
    this.#settings = settings;
    this.#packages = packages;
    this.#machine = machine;
  }

  /** Runs a workflow to its end, whatever its jobs come to. */
  async run(file: string, event: WorkflowEvent): Promise<Record<string, JobResult>> {
    const workflow = readWorkflow(file);
    if (!(event.name in workflow.on)) throw new Error(`${file} does not run on ${event.name}`);
    const root = join(this.#root, String(++this.#runs));
    mkdirSync(join(root, "artifacts"), { recursive: true });
    const results: Record<string, JobResult> = {};
    // In the order of the file, which is that of their needs.
    for (const [id, job] of Object.entries(workflow.jobs)) {
      const needs = [job.needs ?? []].flat();
      const isFine = needs.every((need) => results[need]!.result === "success");
      const permissions = { ...(job.permissions ?? workflow.permissions) };
      const contexts = this.#contexts(
        event,
        job,
        permissions,
        Object.fromEntries(needs.map((need) => [need, results[need]])),
      );
      if (!isWanted(job.if, contexts, isFine ? "success" : "failure")) {
        results[id] = { result: "skipped", outputs: {}, summary: "", steps: {}, temp: "" };
        continue;
      }
      if (job.environment !== undefined) await this.#settings.environments[job.environment]?.approve?.();
      results[id] = await runJob(job, {
        root: join(root, id),
        artifacts: join(root, "artifacts"),
        packages: this.#packages,
        repository: this.#settings.url,
        sha: event.sha,
        machine: { ...this.#machine, ...this.#defaults(event) },
        shell: workflow.defaults.run.shell,
        contexts,
      });
    }
    return results;
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true, force: true });
  }

  #contexts(event: WorkflowEvent, job: Job, permissions: Record<string, string>, needs: Record<string, unknown>) {
    const { name, variables, secrets, environments, token } = this.#settings;
    // GitHub gives no secret, and no right to write, to what comes from a fork.
    const fork = isOfFork(event, name);
    const ofEnvironment = environments[job.environment ?? ""]?.secrets ?? {};
    const granted = fork ? Object.fromEntries(Object.keys(permissions).map((key) => [key, "read"])) : permissions;
    return {
      github: { event: event.payload ?? {}, repository: name, ref: event.ref, sha: event.sha, token: token(granted) },
      vars: variables,
      secrets: fork ? {} : { ...secrets, ...ofEnvironment },
      inputs: event.inputs ?? {},
      needs,
    };
  }

  #defaults(event: WorkflowEvent): Record<string, string> {
    return {
      CI: "true",
      GITHUB_ACTIONS: "true",
      GITHUB_API_URL: this.#settings.apiUrl,
      GITHUB_EVENT_NAME: event.name,
      GITHUB_REF: event.ref,
      GITHUB_REPOSITORY: this.#settings.name,
      GITHUB_SHA: event.sha,
    };
  }
}

function isOfFork({ payload }: WorkflowEvent, repository: string): boolean {
  const pull = payload?.pull_request as { head: { repo: { full_name: string } } } | undefined;
  return pull !== undefined && pull.head.repo.full_name !== repository;
}
