import { statfsSync } from "node:fs";
import type { PoolService } from "../../fleet/pools/pool-service.ts";
import { asError, ServiceError } from "../../errors.ts";
import { buildsUnderWay, countUnderWay, failedLast, type ListedBuild } from "../../store/build-lists.ts";
import type { BuildRow, BuildState } from "../../store/builds.ts";
import type { Database } from "../../store/database.ts";
import { standingTagMoves } from "../../store/tag-moves.ts";
import { countTemplates } from "../../store/templates.ts";
import { definitionOf } from "../../builds/build-record.ts";
import { redactorOf, saidText } from "./told-secrets.ts";

/** A template by its name. */
export interface TemplateName {
  namespace: string;
  name: string;
}

/** A tag and where it points. */
export interface LiveTag {
  template: TemplateName;
  tag: string;
  buildId: string;
  at: string;
  by: string;
}

/** A build in a list of many templates. */
export interface BuildLine {
  template: TemplateName;
  buildId: string;
  status: BuildState;
  by: string;
  /** Since when it runs, or waits. */
  since: string;
}

/** A build that failed, and why. */
export interface FailureLine extends Omit<BuildLine, "since" | "status"> {
  at: string;
  /** First line of the error. */
  reason: string;
  /** A later build of the template is ready. */
  isMended: boolean;
}

/** A pool that has fewer ready members than it should. */
export interface ShortPool {
  id: string;
  name: string;
  ready: number;
  floor: number;
  warming: number;
  reason: string | undefined;
}

/** Whether the engine answers. */
export interface EngineState {
  host: string;
  isUp: boolean;
  /** Why it is not. */
  problem?: string;
}

/** The disk of the data folder. */
export interface DiskState {
  freeBytes: number;
  totalBytes: number;
}

export interface Overview {
  templates: number;
  building: number;
  waiting: number;
  live: LiveTag[];
  underWay: BuildLine[];
  failures: FailureLine[];
  shortPools: ShortPool[];
  pools: number;
  engine: EngineState;
  disk: DiskState;
}

/** How many lines each list of the overview has at most. */
const LINES = 8;

/** What somebody wants to know first. Its work is that of what it shows, and of the pools. */
export function overview(
  { db, pools }: { db: Database; pools: PoolService },
  { engine, disk }: { engine: EngineState; disk: DiskState },
): Overview {
  const all = pools.list({ state: "enabled" });
  return {
    templates: countTemplates(db),
    ...countUnderWay(db),
    live: liveLast(db, LINES),
    underWay: buildsUnderWay(db, LINES).map(buildLine),
    failures: failedLast(db, LINES).map((row) => ({
      ...nameAndBuild(row),
      at: row.finishedAt ?? row.updatedAt,
      reason: reasonOf(row),
      isMended: row.isMended === 1,
    })),
    shortPools: all.flatMap(({ id, name, status, degraded_reason: reason }) =>
      status.ready < status.target
        ? { id, name, ready: status.ready, floor: status.target, warming: status.warming, reason: reason ?? undefined }
        : [],
    ),
    pools: all.length,
    engine,
    disk,
  };
}

/** Tags in the order in which they were moved to where they are, the last first. */
function liveLast(db: Database, limit: number): LiveTag[] {
  const seen = new Map<string, LiveTag>();
  // A tag that came back to a build is told several times: a few more are read than are shown.
  for (const { namespace, name, tag, buildId, at, actor } of standingTagMoves(db, limit * 4)) {
    const key = `${namespace}/${name}:${tag}`;
    if (!seen.has(key)) seen.set(key, { template: { namespace, name }, tag, buildId, at, by: actor });
  }
  return [...seen.values()].slice(0, limit);
}

function buildLine(row: ListedBuild): BuildLine {
  return { ...nameAndBuild(row), status: row.status, since: row.startedAt ?? row.queuedAt };
}

function nameAndBuild({ namespace, templateName, buildId, triggeredBy }: ListedBuild) {
  return { template: { namespace, name: templateName }, buildId, by: triggeredBy };
}

/** Why a build failed, in a line. */
export function reasonOf(row: BuildRow): string {
  const text = saidText(row.error ?? "", redactorOf(definitionOf(row)));
  return text.split("\n", 1)[0] ?? "";
}

/** The page does not wait longer for an engine that may be frozen. */
const ENGINE_PATIENCE_MS = 1_000;

/** Asks the engine whether it answers, and waits a moment for it. @param look throws when it does not */
export async function engineState(
  { host, look }: { host: string; look: (signal: AbortSignal) => Promise<void> },
  signal: AbortSignal,
): Promise<EngineState> {
  const patience = AbortSignal.timeout(ENGINE_PATIENCE_MS);
  try {
    await look(AbortSignal.any([signal, patience]));
    return { host, isUp: true };
  } catch (error) {
    signal.throwIfAborted();
    if (patience.aborted) return { host, isUp: false, problem: "It has not answered within a second." };
    if (error instanceof ServiceError) return { host, isUp: false, problem: error.message };
    return { host, isUp: false, problem: asError(error).message };
  }
}

/** The room on the disk that a folder is on. */
export function diskState(folder: string): DiskState {
  const { bavail, blocks, bsize } = statfsSync(folder);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}
