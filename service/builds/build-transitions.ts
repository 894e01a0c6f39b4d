import type { CacheSummary, OciMetadata, TemplateFailureDetail } from "pulumi-nullspace/wire";
import { now } from "../clock.ts";
import { insertArtifact } from "../store/artifacts.ts";
import { countEngineCut, updateBuild } from "../store/builds.ts";
import type { Database } from "../store/database.ts";
import { asCaller, currentCaller } from "../caller.ts";
import { audit } from "../store/audit.ts";
import { canonicalRefOf, getByKey } from "../templates/logical-template.ts";
import type { ArtifactRuntime } from "../templates/artifact-runtime.ts";
import { resolveTemplate } from "../templates/resolve.ts";
import { moveTags } from "../templates/tags.ts";
import { runtimeDefaultsOf, templateInfo } from "../templates/template-view.ts";
import type { BuildLog } from "./build-log.ts";
import type { BuildEnd, BuildObserver } from "./build-observer.ts";
import { getBuild } from "./build-record.ts";

/** What the changes of a build's state stand on. */
export interface BuildStates {
  db: Database;
  buildLog: BuildLog;
  /** Are told of every change once it is recorded. @default nobody is */
  observers?: readonly BuildObserver[];
}

/** What a successful build left on the engine. */
export interface ReadyArtifact {
  imageId: string;
  imageRef: string;
  /** Equal for builds that would make the same artifact. */
  reuseKey?: string;
  ociMetadata: OciMetadata;
  /** How its machines start. @default as the build's definition says */
  runtime?: ArtifactRuntime;
  cache: CacheSummary;
}

// Each of these is one transaction that compares the status first: the first final state wins, whoever else is on the
// way to another. The last log entry becomes visible together with the status.

/** `waiting` → `building`. @returns `false` when the build is not waiting any more */
export function markBuilding({ db, buildLog, observers = [] }: BuildStates, buildId: string): boolean {
  const isStarted = db.transaction(() => {
    const at = now();
    const changed = updateBuild(db, buildId, { status: "building", startedAt: at, updatedAt: at }, ["waiting"]);
    if (!changed) return false;
    buildLog.append(buildId, { kind: "message", level: "info", phase: "preparing", message: "Build started" });
    return true;
  });
  if (isStarted) {
    const { updatedAt, queuedAt, traceparent } = getBuild(db, buildId);
    const waitedMs = msBetween(queuedAt, updatedAt);
    for (const observer of observers) observer.started?.(buildId, waitedMs, traceparent ?? undefined);
  }
  return isStarted;
}

/**
 * `building` → `waiting`: the build was cut, and begins again.
 *
 * @returns `false` when the build is no longer running
 */
export function markWaiting({ db, buildLog, observers = [] }: BuildStates, buildId: string, why: string): boolean {
  const isCut = db.transaction(() => {
    const change = { status: "waiting", startedAt: null, updatedAt: now() } as const;
    const changed = updateBuild(db, buildId, change, ["building"]);
    if (changed) buildLog.append(buildId, { kind: "retry", level: "warn", phase: "retry", message: why });
    return changed;
  });
  if (isCut) for (const observer of observers) observer.cut?.(buildId);
  return isCut;
}

/**
 * `building` → `ready`: the artifact exists, and the tags move to it in the same step. The tags of two builds of one
 * name end where the one that finishes last puts them.
 *
 * @returns `false` when the build was cancelled or deleted meanwhile; the image is nobody's then
 */
export function markReady(states: BuildStates, buildId: string, artifact: ReadyArtifact): boolean {
  const { db, buildLog } = states;
  const isReady = db.transaction(() => {
    const at = now();
    const change = {
      status: "ready",
      finishedAt: at,
      updatedAt: at,
      cacheSummary: JSON.stringify(artifact.cache),
      ociMetadata: JSON.stringify(artifact.ociMetadata),
      runtime: artifact.runtime === undefined ? null : JSON.stringify(artifact.runtime),
    } as const;
    const changed = updateBuild(db, buildId, change, ["building"]);
    if (!changed) return false;
    const build = getBuild(db, buildId);
    insertArtifact(db, {
      templateId: build.templateId,
      buildId,
      imageId: artifact.imageId,
      imageRef: artifact.imageRef,
      reuseKey: artifact.reuseKey ?? null,
      unpinnedAt: at,
      createdAt: at,
    });
    const template = getByKey(db, build.templateKey);
    const tags = JSON.parse(build.tags) as string[];
    // It was asked for when the build was.
    asCaller({ keyId: build.keyId, name: build.triggeredBy }, () => moveTags(db, template, tags, buildId));
    const resolved = resolveTemplate(db, build.templateId);
    buildLog.append(buildId, {
      kind: "end",
      level: "info",
      phase: "finalize",
      message: `Build ready: ${canonicalRefOf(template)} (${tags.join(", ")})`,
      result: templateInfo(db, resolved, template),
      result_metadata: { runtime_defaults: runtimeDefaultsOf(resolved), oci_metadata: artifact.ociMetadata },
    });
    return true;
  });
  if (isReady) tellEnd(states, buildId, { result: "ready", cache: artifact.cache });
  return isReady;
}

/** `waiting` or `building` → `error`. @returns `false` when the build is final already */
export function markFailed(states: BuildStates, buildId: string, detail: TemplateFailureDetail): boolean {
  const { db, buildLog } = states;
  const isFailed = db.transaction(() => {
    const at = now();
    const change = {
      status: "error",
      finishedAt: at,
      updatedAt: at,
      failurePhase: detail.phase,
      error: detail.message,
      errorDetail: JSON.stringify(detail),
    } as const;
    const changed = updateBuild(db, buildId, change, ["waiting", "building"]);
    if (!changed) return false;
    buildLog.append(buildId, {
      kind: "error",
      level: "error",
      phase: LOG_PHASES[detail.phase] ?? "finalize",
      message: detail.message,
      ...(detail.step_index != null && { step_index: detail.step_index }),
      error_detail: detail,
    });
    return true;
  });
  if (isFailed) tellEnd(states, buildId, { result: "error", detail });
  return isFailed;
}

/**
 * `waiting` or `building` → `cancelled`, with who, when and why. A build that is final stays as it is: asking again is
 * no error.
 *
 * @returns whether this call cancelled it
 */
export function markCancelled(states: BuildStates, buildId: string, reason: string | undefined): boolean {
  const { db, buildLog } = states;
  const isCancelled = db.transaction(() => {
    // Of a build that there is not, it says so.
    getBuild(db, buildId);
    const at = now();
    const { name } = currentCaller();
    const change = {
      status: "cancelled",
      finishedAt: at,
      updatedAt: at,
      cancelRequestedAt: at,
      cancelRequestedBy: name,
      cancellationReason: reason ?? null,
    } as const;
    if (!updateBuild(db, buildId, change, ["waiting", "building"])) return false;
    buildLog.append(buildId, {
      kind: "cancelled",
      level: "warn",
      phase: "cleanup",
      message: `Build cancelled by ${name}${reason === undefined ? "" : `: ${reason}`}`,
    });
    audit(db, "build_cancelled", buildId, { reason: reason ?? null });
    return true;
  });
  if (isCancelled) tellEnd(states, buildId, { result: "cancelled" });
  return isCancelled;
}

function tellEnd({ db, observers = [] }: BuildStates, buildId: string, end: BuildEnd): void {
  const { startedAt, finishedAt } = getBuild(db, buildId);
  const ranMs = startedAt === null || finishedAt === null ? undefined : msBetween(startedAt, finishedAt);
  for (const observer of observers) observer.ended?.(buildId, end, ranMs);
}

/** Never less than nothing: the clock may have been set back. */
function msBetween(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from));
}

/** Counts that the engine went away in the middle of a build. @returns how often it has by now */
export function countCut({ db }: Pick<BuildStates, "db">, buildId: string): number {
  countEngineCut(db, buildId);
  return getBuild(db, buildId).engineCuts;
}

/** Phases of failures and of log entries are different vocabularies. */
const LOG_PHASES: Record<string, "preparing" | "sync" | "step" | "readiness" | "snapshot" | "finalize" | "cleanup"> = {
  auth: "preparing",
  preflight: "sync",
  blob_upload: "sync",
  prepare: "preparing",
  build_step: "step",
  readiness: "readiness",
  snapshot: "snapshot",
  finalize: "finalize",
  interrupted: "cleanup",
};
