import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runToEnd } from "../../scripts/quickstart/command.ts";
import { TARGETS } from "../../scripts/plugin-binary/targets.mjs";
import { NODE_RELEASE } from "../../scripts/setup/node-runtime.mjs";
import { readWorkflow } from "../examples/support/workflow/workflow-file.ts";
import { repo } from "./support/pulumi-project.ts";

const FOLDER = join(repo, ".github", "workflows");
const workflows = readdirSync(FOLDER).map((name) => ({ ...readWorkflow(join(FOLDER, name)), name }));
const jobs = workflows.flatMap(({ name, jobs }) =>
  Object.entries(jobs).map(([id, job]) => ({ where: `${name} ${id}`, job })),
);
const steps = jobs.flatMap(({ job }) => job.steps);

it("the workflows have nothing that actionlint knows to be wrong", async () => {
  const actionlint = process.env.NULLSPACE_ACTIONLINT;
  if (!actionlint) throw new Error("NULLSPACE_ACTIONLINT is not set: start the tests with `npm test`");
  const files = workflows.map(({ name }) => name);
  const { stdout, stderr, exitCode } = await runToEnd(
    actionlint,
    ["-no-color", "-shellcheck=", "-pyflakes=", ...files],
    {
      cwd: FOLDER,
    },
  );
  expect({ text: stdout + stderr, exitCode }).toEqual({ text: "", exitCode: 0 });
});

it("the workflows have no right but what a job names, which writes only where it publishes", () => {
  for (const workflow of workflows) expect(workflow.permissions, workflow.name).toEqual({});
  const writes = jobs.filter(({ job }) => Object.values(job.permissions).includes("write")).map(({ where }) => where);
  expect(writes.sort()).toEqual(["image", "npm", "pypi", "github"].map((id) => `release.yml ${id}`).sort());
});

it("the workflows use each action in one version, leave no token in a clone, and put nothing of an event into a script", () => {
  const used = new Set(steps.flatMap(({ uses }) => uses ?? []));
  for (const action of used) expect(action).toMatch(/^[\w-]+\/[\w-]+@v\d+(\.\d+\.\d+)?$/);
  expect(new Set([...used].map((action) => action.split("@")[0])).size).toBe(used.size);
  for (const step of steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"))) {
    expect(step.with).toMatchObject({ "persist-credentials": false });
  }
  // Of an expression in a script, a name that somebody chose would be run as a part of it.
  for (const { run } of steps) expect(run ?? "").not.toMatch(/\$\{\{/);
});

it("a release makes the plugin for every target, with the Node that set-up names", () => {
  const release = workflows.find(({ name }) => name === "release.yml")!;
  const { strategy } = release.jobs.plugin as unknown as { strategy: { matrix: { include: { target: string }[] } } };
  expect(strategy.matrix.include.map(({ target }) => target)).toEqual(TARGETS.map(({ name }) => name));
  const nodes = steps.flatMap((step) =>
    step.uses?.startsWith("actions/setup-node@") ? [step.with?.["node-version"]] : [],
  );
  expect(new Set(nodes)).toEqual(new Set([NODE_RELEASE.version]));
});

it("every script of package.json that a workflow starts is there", async () => {
  const { scripts } = (await import(join(repo, "package.json"), { with: { type: "json" } })).default as {
    scripts: Record<string, string>;
  };
  const started = steps.flatMap(({ run }) => [...(run ?? "").matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name!));
  // Of another part of the house.
  expect(started.filter((name) => !(name in scripts) && name !== "sdks")).toEqual([]);
});
