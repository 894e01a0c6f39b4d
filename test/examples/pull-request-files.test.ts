import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runToEnd } from "../../scripts/quickstart/command.ts";
import { repo } from "../e2e/support/pulumi-project.ts";
import { Example } from "./support/example.ts";
import { GitLabPipeline } from "./support/gitlab-pipeline.ts";
import { isWanted } from "./support/workflow/expressions.ts";
import { INSTALLS } from "./support/workflow/job-run.ts";
import { readWorkflow } from "./support/workflow/workflow-file.ts";

const FOLDER = join(repo, "examples", "pull-request", ".github", "workflows");
const NAMES = readdirSync(FOLDER).toSorted();
const workflows = NAMES.map((name) => ({ name, workflow: readWorkflow(join(FOLDER, name)) }));
const steps = workflows.flatMap(({ workflow }) => Object.values(workflow.jobs).flatMap((job) => job.steps));

// What can be said without running them; pull-request.test.ts runs them.
describe("examples/pull-request, its workflows", () => {
  it("have nothing that actionlint knows to be wrong", async () => {
    const actionlint = process.env.NULLSPACE_ACTIONLINT;
    if (!actionlint) throw new Error("NULLSPACE_ACTIONLINT is not set: start the tests with `npm test`");
    // Not what else it would call where that is installed.
    const { stdout, stderr, exitCode } = await runToEnd(
      actionlint,
      ["-no-color", "-shellcheck=", "-pyflakes=", ...NAMES],
      { cwd: FOLDER },
    );
    expect({ text: stdout + stderr, exitCode }).toEqual({ text: "", exitCode: 0 });
  });

  it("give their jobs what they need and no more", () => {
    const rights = workflows.map(({ name, workflow }) => {
      expect(workflow.permissions, name).toEqual({});
      return [name, Object.fromEntries(Object.entries(workflow.jobs).map(([id, job]) => [id, job.permissions]))];
    });
    const [read, comment] = [{ contents: "read" }, { contents: "read", "pull-requests": "write" }];
    expect(Object.fromEntries(rights)).toEqual({
      "deploy.yml": { dev: read },
      "preview-local.yml": { preview: read, comment },
      "preview.yml": { preview: read, comment },
      "promote.yml": { preview: read, production: read },
    });
  });

  it("leave no token behind in the clone", () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    expect(checkouts.length).toBeGreaterThan(0);
    for (const step of checkouts) expect(step.with).toMatchObject({ "persist-credentials": false });
  });

  it("use actions by their major version, in one version each", () => {
    const used = new Set(steps.flatMap(({ uses }) => uses ?? []));
    for (const action of used) expect(action).toMatch(/^[\w-]+\/[\w-]+@v\d+$/);
    expect(new Set([...used].map((action) => action.split("@")[0])).size).toBe(used.size);
    for (const install of INSTALLS) expect([...used, ...steps.map(({ run }) => run)]).toContain(install);
  });

  it("show a fork no secret, and the key of the service to nothing before a merge", () => {
    const text = (name: string) => readFileSync(join(FOLDER, name), "utf8");
    expect(text("preview-local.yml")).not.toMatch(/secrets\./);
    expect(text("preview.yml")).not.toMatch(/NULLSPACE_API_KEY/);
  });

  it.each(["preview.yml", "preview-local.yml"])("write no comment for a fork, in %s", (name) => {
    const { comment } = workflows.find((each) => each.name === name)!.workflow.jobs;
    const answers = ["acme/web", "mallory/web"].map((from) => {
      const github = { repository: "acme/web", event: { pull_request: { head: { repo: { full_name: from } } } } };
      // preview.yml has not even run then.
      const report = name === "preview.yml" && from !== "acme/web" ? "" : "success";
      return isWanted(comment!.if, { github, needs: { preview: { outputs: { report } } } }, "failure");
    });
    expect(answers).toEqual([true, false]);
  });
});

describe("examples/pull-request, its .gitlab-ci.yml", () => {
  const list = async (predefined: Record<string, string>) => {
    using example = new Example("pull-request", {});
    await example.ok("git", ["init", "--quiet", "--initial-branch=main"]);
    await example.ok("git", ["remote", "add", "origin", "git@gitlab.example.com:acme/pull-request.git"]);
    await example.ok("git", ["add", "."]);
    await example.ok("git", [
      "-c",
      "user.name=R",
      "-c",
      "user.email=r@example.com",
      "commit",
      "--quiet",
      "-m",
      "First",
    ]);
    const jobs = await new GitLabPipeline(example, { PATH: process.env.PATH! }, {}).list(predefined);
    return jobs.map(({ name, stage, when }) => `${stage}: ${name}, ${when}`);
  };

  it("is as GitLab's schema says, and previews merge requests", async () => {
    const predefined = { CI_PIPELINE_SOURCE: "merge_request_event", CI_COMMIT_BRANCH: "", CI_PROJECT_ID: "1" };
    expect(await list({ ...predefined, CI_MERGE_REQUEST_SOURCE_PROJECT_ID: "1" })).toEqual([
      "preview: preview, on_success",
    ]);
  });

  it("updates dev on the default branch, and waits for somebody before production", async () => {
    expect(await list({ CI_PIPELINE_SOURCE: "push" })).toEqual([
      "deploy: dev, on_success",
      "promote: production-preview, on_success",
      "promote: production, manual",
    ]);
  });
});
