import {
  DockerError,
  EngineNotFoundError,
  stableImages,
  type DockerEngine,
  type ImageInspect,
} from "pulumi-nullspace/docker";
import type { LogEntry } from "pulumi-nullspace/wire";
import type { Database } from "../store/database.ts";
import type { BuildJob, BuildReporter } from "./build-executor.ts";
import { canonicalJson, digestOf } from "../canonical-json.ts";
import type { ArchiveEntry } from "./context-archive.ts";

/** What the builder would be sent. */
export interface BuildInput {
  /** Text of the Dockerfile. */
  text: string;
  entries: ArchiveEntry[];
}

/** The image of an earlier build from the same input. */
export interface ReusedImage {
  buildId: string;
  image: ImageInspect;
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
  engine: DockerEngine,
  { definition, credentials, inherited }: BuildJob,
  { text, entries }: BuildInput,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (credentials.secrets.length > 0) return undefined;
  const names = stableImages(text, definition.build_args);
  if (names === undefined) return undefined;
  const images: [string, string][] = [];
  for (const name of names) {
    const id = await stableId(engine, name, signal);
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
 * @returns `undefined` when there is none, or its image is not on the engine any more
 */
export async function reuseImage(
  db: Database,
  engine: DockerEngine,
  key: string,
  imageRef: string,
  signal: AbortSignal,
): Promise<ReusedImage | undefined> {
  const candidate = db.get<{ buildId: string; imageId: string }>(
    `SELECT build_id AS buildId, image_id AS imageId FROM artifacts
     WHERE reuse_key = ? AND state = 'available' ORDER BY created_at DESC, build_id DESC LIMIT 1`,
    [key],
  );
  if (candidate === undefined) return undefined;
  try {
    // The name first: an image that has one more is not taken away when the earlier artifact goes.
    await engine.images.tag(candidate.imageId, imageRef, { signal });
    return { buildId: candidate.buildId, image: await engine.images.inspect(candidate.imageId, { signal }) };
  } catch (error) {
    if (error instanceof EngineNotFoundError) return undefined;
    throw error;
  }
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

/** The id of an image that the engine takes for this name as long as nobody moves the name on the engine itself. */
async function stableId(engine: DockerEngine, name: string, signal: AbortSignal): Promise<string | undefined> {
  const image = await inspect(engine, name, signal);
  if (image === undefined) return undefined;
  // With containerd's image store the id is a manifest's digest, and builds ask the registry what a name means now.
  if (image.RepoDigests?.some((digest) => digest.endsWith(`@${image.Id}`))) return undefined;
  // Instructions of the base that run in the build: they may fetch.
  const { OnBuild: triggers } = (image.Config ?? {}) as { OnBuild?: string[] | null };
  return triggers?.length ? undefined : image.Id;
}

async function inspect(engine: DockerEngine, name: string, signal: AbortSignal): Promise<ImageInspect | undefined> {
  try {
    return await engine.images.inspect(name, { signal });
  } catch (error) {
    signal.throwIfAborted();
    // Not there, no image name, an engine that has gone: the build that follows says it better.
    if (error instanceof DockerError) return undefined;
    throw error;
  }
}
