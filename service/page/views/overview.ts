import { asError, ServiceError } from "../../errors.ts";
import type { Place } from "../../health/place.ts";
import { buildsUnderWay, countUnderWay, failedLast, type ListedBuild } from "../../store/build-lists.ts";
import type { BuildRow, BuildState } from "../../store/builds.ts";
import type { Database } from "../../store/database.ts";
import type { FolderSizes } from "../../store/folder-sizes.ts";
import { MachineStore } from "../../store/machines.ts";
import { standingTagMoves } from "../../store/tag-moves.ts";
import { PoolStore } from "../../store/warm-pools.ts";
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

/** Whether a place answers. */
export interface PlaceState {
  /** What it is: `Docker Engine`. */
  title: string;
  host: string;
  isUp: boolean;
  /** Why it is not. */
  problem?: string;
}

/** The disk of the data folder. */
export type DiskState = Pick<FolderSizes, "freeBytes" | "totalBytes">;

export interface Overview {
  templates: number;
  building: number;
  waiting: number;
  live: LiveTag[];
  underWay: BuildLine[];
  failures: FailureLine[];
  /** The first of them. */
  shortPools: ShortPool[];
  /** How many there are. */
  shortPoolCount: number;
  /** Those that are enabled. */
  pools: number;
  /** Machines that are not over. */
  machines: number;
  /** What builds, keeps images and runs machines. */
  places: readonly PlaceState[];
  disk: DiskState;
}

/** How many lines each list of the overview has at most. */
const LINES = 8;

/** What somebody wants to know first. Its work is that of what it shows, and a count of the pools. */
export function overview(db: Database, { places, disk }: Pick<Overview, "places" | "disk">): Overview {
  const pools = new PoolStore(db);
  const short = pools.short(LINES);
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
    shortPools: short.map(({ poolId, name, ready, minReady, warming, degradedReason }) => ({
      id: poolId,
      name,
      ready,
      floor: minReady,
      warming,
      reason: degradedReason ?? undefined,
    })),
    shortPoolCount: short[0]?.total ?? 0,
    pools: pools.countByState().get("enabled") ?? 0,
    machines: new MachineStore(db).countLive(),
    places,
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

/** The page does not wait longer for a place that may be frozen. */
const PATIENCE_MS = 1_000;

/** Asks a place whether it answers, and waits a moment for it. */
export async function placeState(
  { title, host, look }: Pick<Place, "title" | "host" | "look">,
  signal: AbortSignal,
): Promise<PlaceState> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  try {
    await look(AbortSignal.any([signal, patience]));
    return { title, host, isUp: true };
  } catch (error) {
    signal.throwIfAborted();
    if (patience.aborted) return { title, host, isUp: false, problem: "It has not answered within a second." };
    if (error instanceof ServiceError) return { title, host, isUp: false, problem: error.message };
    return { title, host, isUp: false, problem: asError(error).message };
  }
}
