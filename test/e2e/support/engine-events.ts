import type { PulumiProject } from "./pulumi-project.ts";

/** A resource is replaced as usual: the new one is made before the old one goes. */
export const REPLACED = "create-replacement replace delete-replaced";
/** A resource is replaced with `deleteBeforeReplace`. */
export const DELETED_FIRST = "delete-replaced replace create-replacement";

/** What a run of the CLI did, as its engine told it event by event. */
export interface EngineRun {
  exitCode: number;
  /** Operations on each resource that is not left alone, in their order, by the resource's name: `{ web: "update" }`. */
  steps: Record<string, string>;
  /** Begin and end of the operations in the order of time: `["begin web", "end web", "begin stable"]`; also of `same`. */
  course: string[];
  /** Everything that the run said to the user. */
  said: string;
}

/** The parts of an engine event that a test looks at (sdk/go/common/apitype/events.go). */
interface EngineEvent {
  resourcePreEvent?: { metadata: StepMetadata };
  resOutputsEvent?: { metadata: StepMetadata };
  diagnosticEvent?: { urn?: string; prefix?: string; message: string; severity: string };
}

interface StepMetadata {
  op: string;
  urn: string;
}

/** Runs a command of the CLI that has a `--json`, however it ends: `preview`, `up`, `destroy`, `refresh`. */
export async function runEngine(project: PulumiProject, ...args: string[]): Promise<EngineRun> {
  project.setEnv({ PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true" });
  const { exitCode, stdout, stderr } = await project.run(...args, "--json");
  const run = readEngineRun(exitCode, stdout, stderr);
  // With --json the CLI also prints Pulumi's own debug messages, in which every value stands in clear.
  project.printed.splice(-1, 1, run.said);
  return run;
}

/** As `runEngine`, and fails with all that was said on another exit code than 0. */
export async function runEngineOk(project: PulumiProject, ...args: string[]): Promise<EngineRun> {
  return requireOk(await runEngine(project, ...args), args.join(" "));
}

/** The run, if it went well; an error with all that it said otherwise. */
export function requireOk(run: EngineRun, what: string): EngineRun {
  if (run.exitCode !== 0) throw new Error(`pulumi ${what} ended with exit code ${run.exitCode}\n${run.said}`);
  return run;
}

/** @param stdout one event in JSON a line, among other lines */
export function readEngineRun(exitCode: number, stdout: string, stderr: string): EngineRun {
  const events = stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as EngineEvent);
  const steps: Record<string, string> = {};
  const course: string[] = [];
  const said: string[] = [stderr];
  for (const { resourcePreEvent, resOutputsEvent, diagnosticEvent } of events) {
    if (resourcePreEvent !== undefined) {
      const { op, urn } = resourcePreEvent.metadata;
      const name = nameOf(urn);
      course.push(`begin ${name}`);
      if (!isIncidental(op, urn)) steps[name] = name in steps ? `${steps[name]} ${op}` : op;
    }
    if (resOutputsEvent !== undefined) course.push(`end ${nameOf(resOutputsEvent.metadata.urn)}`);
    if (diagnosticEvent !== undefined && diagnosticEvent.severity !== "debug") {
      const { urn, prefix = "", message } = diagnosticEvent;
      said.push(`${urn === undefined ? "" : `${nameOf(urn)}: `}${prefix}${message}`);
    }
  }
  return { exitCode, steps, course, said: said.join("\n") };
}

/** Is it no change of the program's own resources? */
function isIncidental(op: string, urn: string): boolean {
  return (
    op === "same" || op === "refresh" || urn.includes("::pulumi:pulumi:Stack::") || /::default(_[\w.]+)?$/.test(urn)
  );
}

function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? "";
}
