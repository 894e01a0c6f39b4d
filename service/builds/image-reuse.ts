import { stableImages } from "./dockerfile/reading.ts";
import type { LogEntry } from "pulumi-nullspace/wire";
import { canonicalJson, digestOf } from "../canonical-json.ts";
import { findReusable } from "../store/artifacts.ts";
import type { Database } from "../store/database.ts";
import type { ArtifactStore, ImageDescription } from "../templates/artifact-store.ts";
import type { BuildExecutor, BuildInput, BuildJob, BuildReporter } from "./build-executor.ts";

/** The image of an earlier build from the same input. */
export interface ReusedImage {
  buildId: string;
  image: ImageDescription;
}

/** Why a build must not look for an artifact; `undefined` when it may. */
export function reuseBarrier({ definition }: BuildJob): LogEntry["cache_reason"] | undefined {
  if (definition.skip_cache === true) return "whole_build_skip_cache";
  const steps = definition.steps ?? [];
  if (steps.some(({ action }) => action === "skip_cache")) return "builder_cache_boundary";
  const forced = steps.some(
    (step) =>
      (step.action === "copy" && step.force_upload === true) ||
      (step.action === "copy_items" && step.items.some(({ force_upload }) => force_upload === true)),
  );
  return forced ? "force_upload" : undefined;
}

/**
 * Digest of all that decides the image, and whether it starts: equal keys, equal artifacts, as far as the builder's own
 * cache goes too.
 *
 * @returns `undefined` when something that decides it is not known here: a secret, a download, a base image that the
 *   engine lacks or that it asks the registry for at each build
 */
export async function reuseKey(
  executor: Pick<BuildExecutor, "stableImageId">,
  { definition, credentials, inherited }: BuildJob,
  { text, entries }: BuildInput,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (credentials.secrets.length > 0) return undefined;
  const names = stableImages(text, definition.build_args);
  if (names === undefined) return undefined;
  const images: [string, string][] = [];
  for (const name of names) {
    const id = await executor.stableImageId(name, signal);
    if (id === undefined) return undefined;
    images.push([name, id]);
  }
  const files = entries.map(({ path, type, mode, body }) =>
    JSON.stringify([path, type, mode, body !== undefined && "digest" in body ? body.digest : ""]),
  );
  const { build_args, build_envs, build_target, build_config, start_cmd, runtime_config } = definition;
  const decisive = {
    text,
    images,
    build_args,
    build_envs,
    build_target,
    build_config,
    start_cmd,
    runtime_config,
    env: inherited.env,
  };
  return digestOf(`${canonicalJson(decisive)}\n${files.sort().join("\n")}`);
}

/**
 * Gives the image of the newest artifact with this key one more name.
 *
 * @returns `undefined` when there is none, or its image is not there any more
 */
export async function reuseImage(
  db: Database,
  artifacts: ArtifactStore,
  key: string,
  templateId: string,
  signal: AbortSignal,
): Promise<ReusedImage | undefined> {
  const candidate = findReusable(db, key);
  if (candidate === undefined) return undefined;
  // The name first: an image that has one more is not taken away when the earlier artifact goes.
  if (!(await artifacts.keep(candidate.imageId, templateId, signal))) return undefined;
  const image = await artifacts.describe(candidate.imageId, signal);
  return image === undefined ? undefined : { buildId: candidate.buildId, image };
}

/** What a look for an artifact adds to a build's cache summary. */
export interface ArtifactCache {
  final_artifact_hits: number;
  final_artifact_misses: number;
  final_artifact_bypasses: number;
  final_artifact_stores: number;
}

/** Counts one look for an artifact. */
export function artifactCache(outcome: "hit" | "miss" | "bypass", isStored: boolean): ArtifactCache {
  return {
    final_artifact_hits: Number(outcome === "hit"),
    final_artifact_misses: Number(outcome === "miss"),
    final_artifact_bypasses: Number(outcome === "bypass"),
    final_artifact_stores: Number(isStored),
  };
}

/** Tells how the look for an artifact ended. */
export function reportReuse(
  report: BuildReporter,
  found: ReusedImage | undefined,
  barrier: LogEntry["cache_reason"] | undefined,
): void {
  const common = { kind: "cache", phase: "cache", cache_kind: "final_artifact" } as const;
  if (found !== undefined) {
    const message = `Nothing has changed since build ${found.buildId}: its image is used again`;
    report({ ...common, level: "info", cache_status: "hit", cache_subject: found.buildId, message });
    return;
  }
  report({
    ...common,
    level: "debug",
    cache_status: barrier == null ? "miss" : "bypass",
    cache_reason: barrier ?? "missing_or_incompatible",
    message: barrier == null ? "No earlier image fits" : "Earlier images are not looked at",
  });
}
