import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { INSTANCE_LABEL } from "../../service/labels.ts";
import { runToEnd } from "../../scripts/quickstart/command.ts";
import { repo } from "../e2e/support/pulumi-project.ts";
import { startTestService, type TestService } from "../e2e/support/service.ts";
import type { ApiServer } from "./support/forge/api-server.ts";
import { GitHubComments } from "./support/forge/github-comments.ts";
import { GitLabNotes } from "./support/forge/gitlab-notes.ts";
import { GitLabPipeline } from "./support/gitlab-pipeline.ts";
import { ReviewedExample } from "./support/reviewed-example.ts";
import type { JobResult } from "./support/workflow/job-run.ts";
import { WorkflowRunner, type WorkflowEvent } from "./support/workflow/workflow-runner.ts";

const REPOSITORY = "acme/pull-request";
const MARKER = "<!-- pulumi-nullspace report: preview -->";
const PAGE = "app/www/index.html";

/** A pull request's event. */
function pullRequest(sha: string, from = REPOSITORY): WorkflowEvent {
  const payload = { pull_request: { number: 1, head: { repo: { full_name: from } } } };
  return { name: "pull_request", ref: "refs/pull/1/merge", sha, payload };
}

/** What a job printed, for the message of a test that fails. */
function said(job: JobResult): string {
  return Object.entries(job.steps)
    .map(([name, { outcome, text }]) => `== ${name}: ${outcome}\n${text}`)
    .join("\n");
}

describe("examples/pull-request on GitHub", () => {
  let service: TestService;
  let reader: ReviewedExample;
  let server: ApiServer;
  let runner: WorkflowRunner;
  const github = new GitHubComments(REPOSITORY, 1);
  const production: { secrets: Record<string, string>; approve?: () => Promise<void> } = { secrets: {} };

  beforeAll(async () => {
    service = await startTestService();
    reader = await ReviewedExample.make();
    server = await github.serve();
    const { PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE } = reader.state;
    production.secrets = service.env;
    const settings = {
      name: REPOSITORY,
      url: reader.repository.url,
      apiUrl: server.url,
      variables: { PULUMI_BACKEND_URL },
      secrets: { PULUMI_CONFIG_PASSPHRASE },
      environments: { dev: { secrets: service.env }, production },
      token: (permissions: Record<string, string>) => github.token(permissions),
    };
    runner = new WorkflowRunner(settings, reader);
  });

  afterAll(async () => {
    runner?.[Symbol.dispose]();
    reader?.[Symbol.dispose]();
    await server?.[Symbol.asyncDispose]();
    await service?.[Symbol.asyncDispose]();
  });

  const play = (workflow: string, event: WorkflowEvent) =>
    runner.run(join(reader.example.dir, ".github", "workflows", `${workflow}.yml`), event);
  const ofBot = () => github.comments.filter(({ user }) => user.login === "github-actions[bot]");

  it("brings up dev when main is pushed", async () => {
    const sha = await reader.repository.git("rev-parse", "HEAD");
    const { dev } = await play("deploy", { name: "push", ref: "refs/heads/main", sha });
    expect(dev!.result, said(dev!)).toBe("success");
    const build = await reader.output("dev", "buildId");
    expect(dev!.summary).toBe(`dev is build ${build}\n`);
  });

  it("comments what a pull request changes, without the key of the service", async () => {
    // More than a page of comments, one of them by somebody who would like to be taken for the bot.
    for (let number = 0; number < 120; number++) github.write("ada", `Comment ${number}`);
    const forged = github.write("mallory", `${MARKER}\n\nNothing changes.`);
    await reader.repository.branch("greeting");
    reader.example.write(PAGE, "<h1>Hello</h1>\n");
    await reader.repository.push("Greet");

    const { preview, comment } = await play("preview", pullRequest(await reader.repository.tryMerge("greeting")));
    expect(preview!.result, said(preview!)).toBe("success");
    expect(comment!.result, said(comment!)).toBe("success");
    expect(ofBot()).toHaveLength(1);
    expect(ofBot()[0]!.body).toMatch(
      /^<!-- .+ -->\n\n## Nullspace preview\n\n\*\*1 template gets a new build, 2 tags move and 1 pool rolls/,
    );
    expect(ofBot()[0]!.body).toContain(`~ www/index.html`);
    expect(preview!.summary).toBe(ofBot()[0]!.body);
    expect(forged.body).toContain("Nothing changes.");
  });

  it("replaces its comment when the pull request goes on", async () => {
    reader.example.write("app/www/more.html", "<p>More</p>\n");
    await reader.repository.push("Say more");
    const { comment } = await play("preview", pullRequest(await reader.repository.tryMerge("greeting")));
    expect(comment!.result, said(comment!)).toBe("success");
    expect(comment!.steps.Comment!.text).toMatch(/^The report is in comment \d+ again\.$/m);
    expect(ofBot()).toHaveLength(1);
    expect(ofBot()[0]!.body).toContain("+ www/more.html");
  });

  it("comments a preview that fails, and fails", async () => {
    await reader.repository.branch("broken");
    reader.example.write("index.ts", `${reader.example.read("index.ts")}throw new Error("not today");\n`);
    await reader.repository.push("Break it");
    const { preview, comment } = await play("preview", pullRequest(await reader.repository.tryMerge("broken")));
    expect(preview!.result, said(preview!)).toBe("failure");
    expect(comment!.result, said(comment!)).toBe("success");
    expect(ofBot()).toHaveLength(1);
    expect(ofBot()[0]!.body).toMatch(/\*\*The preview failed, with 1 error.*Error: not today/s);
    await reader.repository.git("checkout", "--quiet", "greeting");
  });

  it("fails a comment job whose token may not write", async () => {
    const weak = { GITHUB_API_URL: server.url, GITHUB_REPOSITORY: REPOSITORY, PULL_REQUEST: "1" };
    reader.example.write("report.md", `${MARKER}\n${"x".repeat(65_536)}`);
    const comment = (token: string) =>
      reader.example.run("env", [
        ...Object.entries({ ...weak, GITHUB_TOKEN: token }).map(([key, value]) => `${key}=${value}`),
        ...["node", "ci/comment.mjs", "report.md"],
      ]);
    const attempts = [
      await comment("none"),
      await comment(github.token({ "pull-requests": "read" })),
      await comment(github.token({ "pull-requests": "write" })),
    ];
    expect(attempts.map(({ exitCode }) => exitCode)).toEqual([1, 1, 1]);
    expect(attempts.map(({ text }) => /was answered with (.+)/.exec(text)?.[1])).toEqual([
      `401: {"message":"Requires authentication"}`,
      `403: {"message":"Resource not accessible by integration"}`,
      `422: {"message":"Body is too long (maximum is 65536 characters)"}`,
    ]);
  });

  it("keeps the pull request of a fork away from the state", async () => {
    const merge = await reader.repository.tryMerge("greeting");
    const { preview, comment } = await play("preview", pullRequest(merge, "mallory/pull-request"));
    expect([preview!.result, comment!.result]).toEqual(["skipped", "skipped"]);
  });

  it("tries a pull request out on a local service, without a secret, and leaves nothing in the engine", async () => {
    const merge = await reader.repository.tryMerge("greeting");
    const { preview, comment } = await play("preview-local", pullRequest(merge));
    expect(preview!.result, said(preview!)).toBe("success");
    expect(comment!.result, said(comment!)).toBe("success");
    expect(preview!.summary).toContain("**1 template gets a new build, 2 tags move and 1 pool rolls");
    expect(preview!.summary).toContain("~ www/index.html");
    expect(preview!.steps["Build it, and wait for the pool"]!.text).toContain("3 updated");
    const id = readFileSync(join(preview!.temp, "nullspace", "instance-id"), "utf8").trim();
    const left = execFileSync("docker", ["ps", "--all", "--quiet", "--filter", `label=${INSTANCE_LABEL}=${id}`]);
    expect(left.toString()).toBe("");
    expect(preview!.steps["Take everything down"]!.outcome).toBe("success");
    const { NULLSPACE_API_URL } = parseEnv(readFileSync(join(preview!.temp, "service.env"), "utf8"));
    await expect(fetch(`${NULLSPACE_API_URL}/healthz`)).rejects.toThrow("fetch failed");
    // Beside the comment on dev.
    expect(ofBot().map(({ body }) => body.split("\n")[0])).toEqual([MARKER, MARKER.replace("preview", "local")]);
  });

  it("updates dev when the pull request is merged", async () => {
    const before = await reader.output("dev", "buildId");
    const sha = await reader.repository.merge("greeting");
    const { dev } = await play("deploy", { name: "push", ref: "refs/heads/main", sha });
    expect(dev!.result, said(dev!)).toBe("success");
    expect(await reader.output("dev", "buildId")).not.toBe(before);
  });

  it("promotes what was approved, and nothing where production has moved meanwhile", async () => {
    const sha = await reader.repository.git("rev-parse", "HEAD");
    const dispatch = (build = ""): WorkflowEvent => {
      return { name: "workflow_dispatch", ref: "refs/heads/main", sha, inputs: { build } };
    };
    const first = await play("promote", dispatch());
    expect(first.production!.result, said(first.production!)).toBe("success");
    expect(first.preview!.summary).toContain("**1 tag is new and 1 pool is new.**");
    const build = await reader.output("dev", "buildId");
    expect(await reader.output("production", "buildId")).toBe(build);

    // A build of dev that is not promoted yet, and two who press the button for it.
    reader.example.write(PAGE, "<h1>Hello again</h1>\n");
    const newer = await reader.repository.push("Greet again");
    await play("deploy", { name: "push", ref: "refs/heads/main", sha: newer });
    production.approve = async () => {
      delete production.approve;
      const other = await play("promote", dispatch());
      expect(other.production!.result, said(other.production!)).toBe("success");
    };
    const late = await play("promote", dispatch(build));
    expect(late.preview!.result, said(late.preview!)).toBe("success");
    expect(late.production!.result, said(late.production!)).toBe("failure");
    expect(late.production!.steps.Promote!.text).toMatch(/was expected at .+: somebody else has moved it/);
    expect(await reader.output("production", "buildId")).toBe(await reader.output("dev", "buildId"));
  });

  it("promotes from main alone", async () => {
    const sha = await reader.repository.git("rev-parse", "HEAD");
    const event = { name: "workflow_dispatch", ref: "refs/heads/other", sha, inputs: { build: "" } } as const;
    const { preview, production: promotion } = await play("promote", event);
    expect([preview!.result, promotion!.result]).toEqual(["skipped", "skipped"]);
  });

  it("goes away stack by stack", async () => {
    const { example } = reader;
    Object.assign(example.env, service.env);
    for (const stack of ["production", "dev"]) {
      expect((await example.pulumi("destroy", "--yes", "--skip-preview", "--stack", stack)).text).toMatch(/deleted/);
    }
    expect((await service.client.templates.list()).filter(({ builtin }) => !builtin)).toEqual([]);
  });
});

describe("examples/pull-request on GitLab", () => {
  let service: TestService;
  let reader: ReviewedExample;
  let server: ApiServer;
  let pipeline: GitLabPipeline;
  const gitlab = new GitLabNotes("1", 1);

  beforeAll(async () => {
    service = await startTestService();
    reader = await ReviewedExample.make();
    server = await gitlab.serve();
    const { NULLSPACE_API_URL, NULLSPACE_API_KEY } = service.env;
    pipeline = new GitLabPipeline(reader.example, reader.machine, {
      ...reader.state,
      GITLAB_TOKEN: gitlab.token,
      NULLSPACE_API_URL: { dev: NULLSPACE_API_URL, production: NULLSPACE_API_URL },
      NULLSPACE_API_KEY: { dev: NULLSPACE_API_KEY, production: NULLSPACE_API_KEY },
    });
  });

  afterAll(async () => {
    reader?.[Symbol.dispose]();
    await server?.[Symbol.asyncDispose]();
    await service?.[Symbol.asyncDispose]();
  });

  const push = (manual?: string[]) => pipeline.run({ CI_PIPELINE_SOURCE: "push" }, manual);
  const mergeRequest = () =>
    pipeline.run({
      CI_PIPELINE_SOURCE: "merge_request_event",
      CI_COMMIT_BRANCH: "",
      CI_API_V4_URL: server.url,
      CI_PROJECT_ID: "1",
      CI_MERGE_REQUEST_PROJECT_ID: "1",
      CI_MERGE_REQUEST_SOURCE_PROJECT_ID: "1",
      CI_MERGE_REQUEST_IID: "1",
    });
  const ofBot = () => gitlab.notes.filter(({ author }) => author.username === "project_1_bot");

  it("updates dev on the default branch, and promotes when the button is pressed", async () => {
    const waiting = await push();
    expect(waiting.jobs, waiting.text).toEqual({ dev: "passed", "production-preview": "passed" });
    const pressed = await push(["production"]);
    expect(pressed.jobs, pressed.text).toMatchObject({ production: "passed" });
    expect(await reader.output("production", "buildId")).toBe(await reader.output("dev", "buildId"));
  });

  it("writes a note under a merge request, and replaces it", async () => {
    for (let number = 0; number < 120; number++) gitlab.write({ id: 1, username: "ada" }, `Note ${number}`);
    gitlab.write({ id: 2, username: "mallory" }, `${MARKER}\n\nNothing changes.`);
    await reader.repository.branch("greeting");
    for (const greeting of ["Hello", "Hello again"]) {
      reader.example.write(PAGE, `${greeting}\n`);
      await reader.repository.push(greeting);
      const { jobs, text } = await mergeRequest();
      expect(jobs, text).toEqual({ preview: "passed" });
    }
    expect(ofBot()).toHaveLength(1);
    expect(ofBot()[0]!.body).toContain("**1 template gets a new build, 2 tags move and 1 pool rolls");
  });

  it("writes what was wrong with a preview that fails, and fails", async () => {
    reader.example.write("index.ts", `${reader.example.read("index.ts")}throw new Error("not today");\n`);
    await reader.repository.push("Break it");
    const { jobs, text } = await mergeRequest();
    expect(jobs, text).toEqual({ preview: "failed" });
    expect(ofBot()).toHaveLength(1);
    expect(ofBot()[0]!.body).toMatch(/\*\*The preview failed, with 1 error.*Error: not today/s);
  });

  it("goes away stack by stack", async () => {
    await reader.repository.git("checkout", "--quiet", "main");
    Object.assign(reader.example.env, service.env);
    for (const stack of ["production", "dev"]) {
      await reader.example.pulumi("destroy", "--yes", "--skip-preview", "--stack", stack);
    }
    expect((await service.client.templates.list()).filter(({ builtin }) => !builtin)).toEqual([]);
  });
});

describe("docs/guides/ci-without-an-account.md", () => {
  it("says what can be typed in a job, from top to bottom", async () => {
    using reader = await ReviewedExample.make();
    await reader.repository.branch("greeting");
    reader.example.write(PAGE, "<h1>Hello</h1>\n");
    await reader.repository.push("Greet");
    const merge = await reader.repository.tryMerge("greeting");
    await reader.repository.git("checkout", "--quiet", "--detach", merge);

    const guide = readFileSync(join(repo, "docs", "guides", "ci-without-an-account.md"), "utf8");
    const blocks = [...guide.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block!);
    // The one that installs; the package is there.
    const typed = blocks.filter((block) => !block.startsWith("npm install"));
    expect(typed.length).toBe(blocks.length - 1);
    const { exitCode, stdout, stderr } = await runToEnd("bash", ["-eo", "pipefail", "-c", typed.join("\n")], {
      cwd: reader.example.dir,
      env: { ...reader.machine, CI: "true", HOME: reader.example.env.HOME!, GITHUB_SHA: merge },
    });
    expect(exitCode, stdout + stderr).toBe(0);
    for (const text of ["the service accepts the key", "4 created", "~ www/index.html", "3 updated", "4 deleted"]) {
      expect(stdout).toContain(text);
    }
  });
});
