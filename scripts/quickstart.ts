/**
 * The whole job on one machine: a template is built, tagged, aliased and pooled by `pulumi up`, a warm machine runs a
 * command, one file changes, the preview names it, a second `up` rolls the pool, and everything is taken down.
 *
 *   npm run quickstart            runs the story and leaves nothing behind
 *   npm run quickstart -- --keep  leaves the service and the stack, and says what to type next
 */
import { access, appendFile, cp, mkdir, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inspect, parseArgs, stripVTControlCharacters } from "node:util";
import { NullspaceClient } from "../sdk/client/index.ts";
import { CommandError, run, type CommandResult } from "./quickstart/command.ts";
import { startServiceProcess, type ServiceProcess } from "./quickstart/local-service.ts";
import { createStory } from "./quickstart/story.ts";
import { whatToTypeNext } from "./quickstart/what-next.ts";

const repo = dirname(dirname(fileURLToPath(import.meta.url)));
/** Everything that the quickstart makes is below this folder. */
const home = join(repo, ".quickstart");
const program = join(home, "program");

const { values: flags } = parseArgs({ options: { keep: { type: "boolean", default: false } } });

const baseImage = process.env.NULLSPACE_BASE_IMAGE;
if (!baseImage) throw new Error("NULLSPACE_BASE_IMAGE is not set: start this with `npm run quickstart`");

const controller = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => controller.abort(new Error(`stopped by ${signal}`)));
}
const { signal } = controller;
const story = createStory();
const started = performance.now();

if (await exists(join(home, "state"))) {
  throw new Error(
    `${relative(process.cwd(), home)} is there from an earlier run with --keep; take it down with the commands that it printed, then delete the folder`,
  );
}
await rm(home, { recursive: true, force: true });
await mkdir(join(home, "state"), { recursive: true });
await cp(join(repo, "examples", "quickstart"), program, { recursive: true });

const pulumiEnv: NodeJS.ProcessEnv = {
  ...process.env,
  PULUMI_BACKEND_URL: pathToFileURL(join(home, "state")).href,
  PULUMI_CONFIG_PASSPHRASE: "quickstart",
  PULUMI_SKIP_UPDATE_CHECK: "true",
};
let service: ServiceProcess | undefined;
let stackExists = false;
let kept = false;

const pulumi = (args: string[], abortSignal: AbortSignal | undefined = signal): Promise<CommandResult> =>
  run("pulumi", [...args, "--non-interactive", "--color", "never"], {
    cwd: program,
    env: { ...pulumiEnv, ...service?.env },
    signal: abortSignal,
  });

try {
  service = await story.step("Start the local Nullspace service", startService);
  const client = new NullspaceClient({
    apiKey: service.env.NULLSPACE_API_KEY,
    baseUrl: service.env.NULLSPACE_API_URL,
  });
  try {
    await tell(client);
  } finally {
    await client.close();
  }
  if (flags.keep) {
    kept = true;
    await service.detach();
    console.log(whatToTypeNext({ env: pulumiEnv, service, program, home }));
  }
} catch (error) {
  // A command's own words, or the reason of the stop; a stack trace only for what nobody foresaw.
  const expected = error instanceof CommandError || signal.aborted;
  console.error(`\n${expected && error instanceof Error ? error.message : inspect(error)}`);
  process.exitCode = 1;
}
if (!kept) await story.step("Take everything down", takeDown);
console.log(`\nDone in ${((performance.now() - started) / 1000).toFixed(1)} s.`);

async function startService(): Promise<ServiceProcess> {
  const process_ = await startServiceProcess({
    node: [join(repo, "service", "dist", "bin", "nullspace-local.js")],
    dataDir: join(home, "data"),
    logFile: join(home, "service.log"),
    env: process.env,
  });
  story.say(`it answers at ${process_.env.NULLSPACE_API_URL}`);
  return process_;
}

async function tell(client: NullspaceClient): Promise<void> {
  const first = await story.step("pulumi up: build the template, tag it, alias it, fill the pool", async () => {
    await pulumi(["stack", "init", "dev"]);
    stackExists = true;
    await pulumi(["config", "set", "baseImage", baseImage!]);
    return update();
  });
  story.say(`${first.tag} is build ${first.buildId}`);

  await story.step("Check out a machine from the pool and run a command in it", () => showPage(client, first));

  await story.step("Edit one file, and ask what that would do", async () => {
    await appendFile(join(program, "app", "www", "index.html"), "<p>Changed in the quickstart</p>\n");
    story.quote(diffLines((await pulumi(["preview", "--diff"])).stdout));
  });

  const second = await story.step("pulumi up: build again, move the tag, roll the pool", update);
  story.say(`${second.tag} was build ${first.buildId} and is now ${second.buildId}`);

  await story.step("Check out a machine again: it has the change", () => showPage(client, second));
}

async function update(): Promise<Outputs> {
  const up = await pulumi(["up", "--yes", "--skip-preview"]);
  story.quote(resourceLines(up.stdout));
  return JSON.parse((await pulumi(["stack", "output", "--json"])).stdout) as Outputs;
}

/** Not under the abort signal: an interrupted story still cleans up. */
async function takeDown(): Promise<void> {
  try {
    if (stackExists) {
      const destroy = await pulumi(["destroy", "--yes", "--skip-preview"], AbortSignal.timeout(120_000));
      story.quote(resourceLines(destroy.stdout));
      await pulumi(["stack", "rm", "--yes", "dev"], AbortSignal.timeout(30_000));
    }
  } finally {
    await service?.stop();
  }
  // Only now: a stack that could not be destroyed keeps its state, its program and the service's log.
  await rm(home, { recursive: true, force: true });
}

/** Takes a machine out of the pool, prints the page that it serves, and ends it. */
async function showPage(client: NullspaceClient, stack: Outputs): Promise<void> {
  const asked = performance.now();
  const machine = await client.machines.create(
    {
      template: stack.tag,
      vcpus: 1,
      memory_mb: 128,
      warm_pool: { id: stack.poolId, mode: "require", wait_ms: 10_000 },
    },
    { signal },
  );
  const tookMs = Math.round(performance.now() - asked);
  try {
    story.say(`${machine.id} in ${tookMs} ms, from ${machine.warm_pool_checkout?.source}`);
    const result = await client.machines.exec(
      machine.id,
      { command: "wget -q -O - http://127.0.0.1:8080/", shell: true, background: false },
      { signal },
    );
    story.say("$ wget -q -O - http://127.0.0.1:8080/");
    story.quote(result.stdout.trimEnd());
    if (result.exit_code !== 0)
      throw new Error(`the command ended with exit code ${result.exit_code}: ${result.stderr}`);
  } finally {
    await client.machines.delete(machine.id);
  }
}

interface Outputs {
  template: string;
  buildId: string;
  contextHash: string;
  tag: string;
  poolId: string;
}

/** The lines of an update's output that name a resource, and its summary. */
function resourceLines(text: string): string {
  const lines = stripVTControlCharacters(text)
    .split("\n")
    .map((line) => line.trimEnd());
  const from = lines.findIndex((line) => /^Resources:/.test(line));
  const named = lines.filter((line) =>
    /^ +[+~-]+ +(nullspace|pulumi-nodejs|pulumi:)\S+ .*(created|updated|deleted|replaced)( |$)/.test(line),
  );
  return [...new Set(named), ...(from < 0 ? [] : lines.slice(from, lines.indexOf("", from)))].join("\n");
}

/** The part of a preview that shows what changes in which property. */
function diffLines(text: string): string {
  const lines = stripVTControlCharacters(text)
    .split("\n")
    .map((line) => line.trimEnd());
  return lines.filter((line) => line !== "" && !/^(Previewing update|@ |Loading policy|View )/.test(line)).join("\n");
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
