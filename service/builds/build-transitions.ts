import type { CacheSummary, OciMetadata, TemplateFailureDetail } from "pulumi-nullspace/wire";
import { now } from "../clock.ts";
import type { Database } from "../store/database.ts";
import { asCaller, currentCaller } from "../caller.ts";
import { audit } from "../store/audit.ts";
import { canonicalRefOf, getByKey } from "../templates/logical-template.ts";
import type { ArtifactRuntime } from "../templates/artifact-runtime.ts";
import { resolveTemplate } from "../templates/resolve.ts";
import { moveTags } from "../templates/tags.ts";
import { runtimeDefaultsOf, templateInfo } from "../templates/template-view.ts";
import type { BuildLog } from "./build-log.ts";
import { getBuild, isFinal } from "./build-record.ts";

/** What the changes of a build's state stand on. */
export interface BuildStates {
  db: Database;
  buildLog: BuildLog;
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
export function markBuilding({ db, buildLog }: BuildStates, buildId: string): boolean {
  return db.transaction(() => {
    const changed = db.run(
      "UPDATE builds SET status = 'building', started_at = $at, updated_at = $at WHERE build_id = $build AND status = 'waiting'",
      { $at: now(), $build: buildId },
    );
    if (changed === 0) return false;
    buildLog.append(buildId, { kind: "message", level: "info", phase: "preparing", message: "Build started" });
    return true;
  });
}

/**
 * `building` → `waiting`: the build was cut, and begins again.
 *
 * @returns `false` when the build is not running any more
 */
export function markWaiting({ db, buildLog }: BuildStates, buildId: string, why: string): boolean {
  return db.transaction(() => {
    const changed = db.run(
      "UPDATE builds SET status = 'waiting', started_at = NULL, updated_at = $at WHERE build_id = $build AND status = 'building'",
      { $at: now(), $build: buildId },
    );
    if (changed > 0) buildLog.append(buildId, { kind: "retry", level: "warn", phase: "retry", message: why });
    return changed > 0;
  });
}

/**
 * `building` → `ready`: the artifact exists, and the tags move to it in the same step. The tags of two builds of one
 * name end where the one that finishes last puts them.
 *
 * @returns `false` when the build was cancelled or deleted meanwhile; the image is nobody's then
 */
export function markReady({ db, buildLog }: BuildStates, buildId: string, artifact: ReadyArtifact): boolean {
  return db.transaction(() => {
    const at = now();
    const changed = db.run(
      `UPDATE builds SET status = 'ready', finished_at = $at, updated_at = $at, cache_summary = $cache, oci_metadata = $oci,
         runtime = $runtime
       WHERE build_id = $build AND status = 'building'`,
      {
        $at: at,
        $build: buildId,
        $cache: JSON.stringify(artifact.cache),
        $oci: JSON.stringify(artifact.ociMetadata),
        $runtime: artifact.runtime === undefined ? null : JSON.stringify(artifact.runtime),
      },
    );
    if (changed === 0) return false;
    const build = getBuild(db, buildId);
    db.run(
      `INSERT INTO artifacts (template_id, build_id, image_id, image_ref, reuse_key, state, unpinned_at, created_at)
       VALUES ($template, $build, $image, $ref, $reuseKey, 'available', $at, $at)`,
      {
        $template: build.template_id,
        $build: buildId,
        $image: artifact.imageId,
        $ref: artifact.imageRef,
        $reuseKey: artifact.reuseKey ?? null,
        $at: at,
      },
    );
    const template = getByKey(db, build.template_key);
    const tags = JSON.parse(build.tags) as string[];
    // It was asked for when the build was.
    asCaller({ keyId: build.key_id, name: build.triggered_by }, () => moveTags(db, template, tags, buildId));
    const resolved = resolveTemplate(db, build.template_id);
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
}

/** `waiting` or `building` → `error`. @returns `false` when the build is final already */
export function markFailed({ db, buildLog }: BuildStates, buildId: string, detail: TemplateFailureDetail): boolean {
  return db.transaction(() => {
    const changed = db.run(
      `UPDATE builds SET status = 'error', finished_at = $at, updated_at = $at, failure_phase = $phase, error = $error,
         error_detail = $detail
       WHERE build_id = $build AND status IN ('waiting', 'building')`,
      {
        $at: now(),
        $build: buildId,
        $phase: detail.phase,
        $error: detail.message,
        $detail: JSON.stringify(detail),
      },
    );
    if (changed === 0) return false;
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
}

/**
 * `waiting` or `building` → `cancelled`, with who, when and why. A build that is final stays as it is: asking again is
 * no error.
 *
 * @returns whether this call cancelled it
 */
export function markCancelled({ db, buildLog }: BuildStates, buildId: string, reason: string | undefined): boolean {
  return db.transaction(() => {
    if (isFinal(getBuild(db, buildId).status)) return false;
    const { name } = currentCaller();
    db.run(
      `UPDATE builds SET status = 'cancelled', finished_at = $at, updated_at = $at, cancel_requested_at = $at,
         cancel_requested_by = $user, cancellation_reason = $reason WHERE build_id = $build`,
      { $at: now(), $user: name, $reason: reason ?? null, $build: buildId },
    );
    buildLog.append(buildId, {
      kind: "cancelled",
      level: "warn",
      phase: "cleanup",
      message: `Build cancelled by ${name}${reason === undefined ? "" : `: ${reason}`}`,
    });
    audit(db, "build_cancelled", buildId, { reason: reason ?? null });
    return true;
  });
}

/** Counts that the engine went away in the middle of a build. @returns how often it has by now */
export function countEngineCut({ db }: Pick<BuildStates, "db">, buildId: string): number {
  db.run("UPDATE builds SET engine_cuts = engine_cuts + 1 WHERE build_id = ?", [buildId]);
  return getBuild(db, buildId).engine_cuts;
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
