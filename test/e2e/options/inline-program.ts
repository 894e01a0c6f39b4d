import { runToEnd } from "../../../scripts/quickstart/command.ts";
import { readEngineRun, requireOk, type EngineRun } from "../support/engine-events.ts";
import type { PulumiProject } from "../support/pulumi-project.ts";

/**
 * The stack's program as an inline program of Pulumi's Automation API: it talks to the engine itself. In an ordinary run
 * the CLI's language host stands between them, and one that is older than the engine does not know all calls.
 */
const INLINE = `"use strict";
const { LocalWorkspace } = require("@pulumi/pulumi/automation");
const [command, stackName, options] = process.argv.slice(2);
const onEvent = (event) => console.log(JSON.stringify(event));
LocalWorkspace.selectStack(
  { stackName, projectName: "e2e", program: async () => require("./index.js") },
  { workDir: __dirname },
)
  .then((stack) => stack[command]({ onEvent, ...JSON.parse(options) }))
  .catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
`;

/**
 * Runs the stack's program inline, with the real CLI; fails when the run does.
 *
 * @param command method of the Automation API's `Stack`, and its options
 */
export async function runInline(
  project: PulumiProject,
  command: "preview" | "up" | "destroy",
  options: object = {},
): Promise<EngineRun> {
  project.write("inline.js", INLINE);
  const { exitCode, stdout, stderr } = await runToEnd(
    process.execPath,
    ["inline.js", command, "dev", JSON.stringify(options)],
    { cwd: `${project.dir}/program`, env: project.env },
  );
  const run = readEngineRun(exitCode, stdout, stderr);
  project.printed.push(run.said);
  return requireOk(run, `${command}, inline`);
}
