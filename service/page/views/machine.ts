import { Redactor, SHORTEST_MASKED } from "pulumi-nullspace/secrets";
import { definitionOf, type BuildDefinition } from "../../builds/build-record.ts";
import { deadlineOf } from "../../fleet/machines/expiry.ts";
import type { MachineService } from "../../fleet/machines/machine-service.ts";
import { buildOfArtifact } from "../../store/builds.ts";
import type { Database } from "../../store/database.ts";
import type { MachineRow, MachineState } from "../../store/machines.ts";
import { KnownThings } from "./known-things.ts";
import { machineOf, moment } from "./machines.ts";
import type { TemplateName } from "./overview.ts";
import type { MachineSize } from "./templates.ts";
import { isSecretVariable, redactorOf, secretValues } from "./told-secrets.ts";

/** A step in the life of a machine. */
export interface LifeStep {
  what: "asked for" | "started" | "paused" | "ended";
  at: string;
}

export interface MachineDetails {
  machineId: string;
  state: MachineState;
  /** As it was asked for. */
  templateRef: string;
  template?: TemplateName;
  buildId?: string;
  artifactId: string;
  /** What became of the wish for a member of a pool; absent: there was none. */
  checkout?: { source: string; poolId?: string; poolName?: string };
  size: MachineSize;
  internet: boolean;
  cwd: string | undefined;
  /** Names; values are never shown. */
  envNames: string[];
  /** Names; values are the caller's own matter. */
  metadataNames: string[];
  life: LifeStep[];
  /** Why it ended, when nobody wanted it to. */
  failure: string | undefined;
  /** What time does with it next. */
  deadline?: { at: string; action: "destroy" | "hibernate" };
  /** It goes when it was not used for so long. */
  inactivityMs: number | undefined;
  lastActiveAt: string;
  /** A command runs in it that a caller waits for. */
  isInUse: boolean;
  canPause: boolean;
}

/** A machine, also one that ended within the last day. @throws ResourceNotFoundError */
export function machineDetails(
  { db, machines }: { db: Database; machines: Pick<MachineService, "isInUse" | "canPause"> },
  machineId: string,
): MachineDetails {
  const row = machineOf(db, machineId);
  const things = new KnownThings(db);
  const isInUse = machines.isInUse(machineId);
  const isLive = row.status === "running" || row.status === "paused";
  const deadline = isLive ? deadlineOf(row, isInUse) : null;
  const template = things.templateOf(row.templateId);
  const build = things.find(row.templateId);
  const checkout = checkoutOf(row, things);
  const definition = definitionOfArtifact(db, row.templateId);
  return {
    machineId,
    state: row.status,
    templateRef: row.template,
    ...(template !== undefined && { template }),
    ...(build?.kind === "build" && { buildId: build.buildId }),
    artifactId: row.templateId,
    ...(checkout !== undefined && { checkout }),
    size: { vcpus: row.vcpus, memoryMb: row.memoryMb, ...(row.diskMb !== null && { diskMb: row.diskMb }) },
    internet: row.internetAccess === 1,
    cwd: row.cwd ?? undefined,
    envNames: [
      ...new Set([...namesOf(row.envs), ...Object.keys(definition?.runtime_config?.default_envs ?? {})]),
    ].sort(),
    metadataNames: namesOf(row.metadata).sort(),
    life: lifeOf(row),
    failure: failureOf(row, definition),
    ...(deadline !== null && { deadline: { at: moment(deadline.atMs), action: deadline.action } }),
    inactivityMs: row.inactivityTimeoutMs ?? undefined,
    lastActiveAt: moment(row.lastActiveAtMs),
    isInUse,
    canPause: machines.canPause,
  };
}

function namesOf(json: string): string[] {
  return Object.keys(JSON.parse(json) as Record<string, unknown>);
}

function lifeOf({ createdAtMs, startedAtMs, pausedAtMs, endedAtMs }: MachineRow): LifeStep[] {
  const steps = [
    { what: "asked for", at: createdAtMs },
    { what: "started", at: startedAtMs },
    { what: "paused", at: pausedAtMs },
    { what: "ended", at: endedAtMs },
  ] as const;
  return steps.flatMap(({ what, at }) => (at === null ? [] : [{ what, at: moment(at) }]));
}

function checkoutOf(row: MachineRow, things: KnownThings): MachineDetails["checkout"] {
  if (row.checkout === null) return undefined;
  const { source, id } = JSON.parse(row.checkout) as { source: string; id?: string };
  const pool = id === undefined ? undefined : things.find(id);
  return { source, ...(pool?.kind === "pool" && { poolId: pool.poolId, poolName: pool.name }) };
}

/**
 * A machine that is over has no variables any more by which what it wrote last could be looked through, so of that only
 * the reason is told, and not the lines that are quoted behind it.
 */
function failureOf({ failure }: MachineRow, definition: BuildDefinition | undefined): string | undefined {
  if (failure === null) return undefined;
  const [reason = ""] = failure.split("\n  | ", 1);
  return definition === undefined ? reason : redactorOf(definition, isSecretVariable).text(reason);
}

function definitionOfArtifact(db: Database, templateId: string): BuildDefinition | undefined {
  const build = buildOfArtifact(db, templateId);
  return build && definitionOf(build);
}

/**
 * Shorter values of variables whose names are no secret's occur by chance (`1`, `8080`, `true`, `info`, `prod`): with each of
 * them masked wherever it stands, a log could not be read, and who knows the variable would know the value all the same.
 */
const SHORTEST_VALUE = Math.max(8, SHORTEST_MASKED);

/** Takes out of what a machine says the values of its variables, and those that its template calls secret. */
export function machineRedactor(db: Database, { envs, templateId }: Pick<MachineRow, "envs" | "templateId">): Redactor {
  const own = JSON.parse(envs) as Record<string, string>;
  const definition = definitionOfArtifact(db, templateId);
  return new Redactor([
    ...Object.values(own).filter((value) => value.length >= SHORTEST_VALUE),
    ...secretValues([own, definition?.runtime_config?.default_envs], isSecretVariable),
    ...secretValues([definition?.build_args, definition?.build_envs]),
  ]);
}

/** What can be done with a machine. */
export const MACHINE_CHANGES = ["end", "pause", "resume"] as const;
export type MachineChange = (typeof MACHINE_CHANGES)[number];

/** A change of a machine that waits for its confirmation. */
export interface PlannedMachineChange {
  machineId: string;
  change: MachineChange;
  templateRef: string;
  state: MachineState;
  isInUse: boolean;
  /** How long it has after it was resumed. */
  timeoutMs: number;
  problem?: string;
}

/** What a change would do. @throws ResourceNotFoundError */
export function plannedMachineChange(
  { db, machines }: { db: Database; machines: Pick<MachineService, "isInUse" | "canPause"> },
  machineId: string,
  change: MachineChange,
): PlannedMachineChange {
  const row = machineOf(db, machineId);
  const problem = problemOf(row.status, change, machines.canPause);
  return {
    machineId,
    change,
    templateRef: row.template,
    state: row.status,
    isInUse: machines.isInUse(machineId),
    timeoutMs: row.timeoutMs,
    ...(problem !== undefined && { problem }),
  };
}

function problemOf(state: MachineState, change: MachineChange, canPause: boolean): string | undefined {
  if (state === "destroyed" || state === "error") return "it is over already";
  if (change === "end") return undefined;
  if (!canPause) return "machines cannot be paused here";
  if (change === "pause" && state !== "running") return `it is ${state}, and only one that runs can be paused`;
  if (change === "resume" && state !== "paused") return `it is ${state}, and only one that is paused can go on`;
  return undefined;
}
