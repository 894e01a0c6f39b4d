import type { TestService } from "../../support/service.ts";
import { end, isProvider, type Victim } from "./kill.ts";
import { descendantsOf, isGone, killProcess, type Process } from "./processes.ts";
import type { Shell } from "./shells.ts";
import { SecretScanner } from "../../support/secret-scanner.ts";
import { PROGRAM_SECRET } from "./program.ts";
import { Stack } from "./stack.ts";
import { StepProxy, type Moment, type Step } from "./step-proxy.ts";
import { World, type TemplateView } from "./world.ts";

/** How long the provider may outlive a CLI that was killed. */
const ORPHAN_MS = 10_000;
/** A run that hangs after a kill is a fault of its own. */
const RUN_MS = 90_000;

export const PHASES = ["create", "update", "delete"] as const;
export type Phase = (typeof PHASES)[number];

/** Where and how one operation is ended. */
export interface Kill {
  moment: Moment;
  victim: Victim;
}

/** What a chain plays: a program, and what must be there when it has converged. */
export interface Subject {
  body: string;
  aliases: string[];
  pools: string[];
}

export interface ChainResult {
  steps: Record<Phase, Step[]>;
  /** Kills whose moment came. */
  met: number;
  /** Builds beyond those of a quiet run. */
  buildsMore: number;
  /** What was not true, in words. */
  problems: string[];
}

/** `before the 2nd POST /v1/… : CLI -9`. */
export function describeKill(phase: Phase, { moment, victim }: Kill): string {
  return `${phase}, ${victim} ${moment.side} ${moment.key} (${moment.nth})`;
}

/**
 * Creates, updates and deletes a subject, each operation ended at its moment and then run again, and looks after each
 * whether all is as after a quiet run. Without kills it is that quiet run.
 */
export async function playChain(
  service: TestService,
  {
    shell,
    prefix,
    subject,
    kills,
  }: { shell: Shell; prefix: string; subject: Subject; kills: Partial<Record<Phase, Kill>> },
): Promise<ChainResult> {
  const world = new World(service.client, prefix);
  const result: ChainResult = { steps: { create: [], update: [], delete: [] }, met: 0, buildsMore: 0, problems: [] };
  await using proxy = await StepProxy.start(service.env.NULLSPACE_API_URL, prefix);
  using stack = await Stack.create({ shell, prefix, env: { ...service.env, NULLSPACE_API_URL: proxy.url } });
  stack.program(subject.body);
  let poolId: string | undefined;
  try {
    for (const [index, phase] of PHASES.entries()) {
      if (phase === "update") stack.project.write("app/hello.txt", "second\n");
      const kill = kills[phase];
      const note = (problem: string): void =>
        void result.problems.push(`${kill === undefined ? phase : describeKill(phase, kill)}: ${problem}`);
      const command = phase === "delete" ? "destroy" : "up";
      if (kill === undefined) proxy.watch();
      else if (await playKill({ stack, proxy, shell, command, kill, note })) result.met += 1;
      if (kill !== undefined) proxy.watch();
      const again = await endsInTime(stack.start(command));
      if (again.exitCode !== 0) {
        note(`the next ${command} ended with exit code ${again.exitCode}:\n${again.text}`);
        return result;
      }
      result.steps[phase] = proxy.steps;
      if (phase === "delete") {
        for (const left of await world.leftovers(["web", ...subject.aliases])) note(`left after destroy: ${left}`);
        const containers = poolId === undefined ? [] : await world.containersOfPool(poolId);
        if (containers.length > 0) note(`left after destroy: ${containers.length} containers`);
        continue;
      }
      const templates = await world.templates();
      if (Object.keys(templates).join() !== "web") note(`templates: ${Object.keys(templates).join(", ") || "none"}`);
      const buildId = stack.resource("web").outputs.buildId as string;
      if (templates.web) judgeTemplate(templates.web, { subject, buildId, note });
      result.buildsMore = Math.max(result.buildsMore, (templates.web?.builds.length ?? 0) - (index + 1));
      const more = index + 1 + (kills.create ? 1 : 0) + (phase === "update" && kills.update ? 1 : 0);
      if ((templates.web?.builds.length ?? 0) > more) note(`${templates.web?.builds.length} builds, at most ${more}`);
      const pools = await world.pools();
      if (Object.keys(pools).join() !== subject.pools.join()) note(`pools: ${Object.keys(pools).join(", ") || "none"}`);
      for (const [name, pool] of Object.entries(pools)) {
        poolId = pool.id;
        if (pool.build !== buildId || pool.ready < 1) note(`pool ${name}: ${JSON.stringify(pool)}, not of ${buildId}`);
      }
    }
    const scanner = new SecretScanner({ secret: PROGRAM_SECRET });
    stack.scan(scanner);
    for (const { place, form } of scanner.leaks)
      result.problems.push(`the program's secret shows in ${place}, ${form}`);
    return result;
  } finally {
    await world.clear();
  }
}

function judgeTemplate(
  view: TemplateView,
  { subject, buildId, note }: { subject: Subject; buildId: string; note: (problem: string) => void },
): void {
  const tags = JSON.stringify(view.tags);
  if (tags !== JSON.stringify({ default: buildId, stable: buildId })) note(`tags: ${tags}, the state has ${buildId}`);
  if (view.aliases.join() !== subject.aliases.join()) note(`aliases: ${view.aliases.join(", ") || "none"}`);
  const marks = view.marks.filter((tag) => /^pulumi-[0-9a-f]{20}-[0-9a-f]{12}$/.test(tag));
  if (marks.length !== 1) note(`${marks.length} marks of a build, not one`);
}

/** Runs the command, ends it at the moment, and does what a person does then: `pulumi cancel` where a lock is left. */
async function playKill(options: {
  stack: Stack;
  proxy: StepProxy;
  shell: Shell;
  command: "up" | "destroy";
  kill: Kill;
  note: (problem: string) => void;
}): Promise<boolean> {
  const { stack, proxy, shell, command, kill, note } = options;
  let met = false;
  let below: Process[] = [];
  const failed = Promise.withResolvers<never>();
  // Watched before the CLI starts: the first request may be the moment.
  const started = Promise.withResolvers<ReturnType<Stack["start"]>>();
  proxy.watch({
    moment: kill.moment,
    met: async ({ closed }) => {
      met = true;
      const cli = await started.promise;
      below = descendantsOf(cli.pid);
      await end(kill.victim, cli, shell, closed).catch(failed.reject);
    },
  });
  const cli = stack.start(command);
  started.resolve(cli);
  await Promise.race([endsInTime(cli), failed.promise]);
  if (stack.isLocked()) await stack.project.ok("cancel", "--yes");
  for (const each of below) {
    if (!isProvider(each, shell) || (await isGone(each, ORPHAN_MS))) continue;
    note(`its provider lives on ${ORPHAN_MS / 1000} s later`);
    killProcess(each);
  }
  for (const each of below) killProcess(each);
  return met;
}

/** A run that hangs is ended, with what it has printed. */
async function endsInTime(cli: ReturnType<Stack["start"]>): ReturnType<Stack["start"]>["ended"] {
  const timer = setTimeout(() => {
    for (const each of descendantsOf(cli.pid)) killProcess(each);
    process.kill(cli.pid, "SIGKILL");
  }, RUN_MS);
  try {
    return await cli.ended;
  } finally {
    clearTimeout(timer);
  }
}
