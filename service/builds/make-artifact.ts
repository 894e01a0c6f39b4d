import { answerTimeout } from "pulumi-nullspace/concurrency";
import type { CacheSummary, OciMetadata } from "pulumi-nullspace/wire";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { MachineDriver } from "../fleet/guests/machine-driver.ts";
import type { Database } from "../store/database.ts";
import { runtimeOf, type ArtifactRuntime } from "../templates/artifact-runtime.ts";
import type { ArtifactStore, ImageDescription } from "../templates/artifact-store.ts";
import { mappedReadiness, metadataWith, overImage } from "../templates/image-runtime.ts";
import type { BuildExecutor, BuildInput, BuildJob, BuildReporter, LayerCache } from "./build-executor.ts";
import { BuildFailure } from "./build-failure.ts";
import type { BuildDefinition } from "./build-record.ts";
import { contextEntries, placedEntries } from "./context-archive.ts";
import { readFileText } from "./context-entries.ts";
import { normalizeSource } from "./copy-sources.ts";
import { dockerfileArgs } from "./dockerfile/build-args.ts";
import { fetchingAdds } from "./dockerfile/reading.ts";
import { renderDockerfile } from "./dockerfile/render-dockerfile.ts";
import { countFileBlobs } from "./file-blob-cache.ts";
import { artifactCache, reportReuse, reuseBarrier, reuseImage, reuseKey, type ArtifactCache } from "./image-reuse.ts";
import { checkLaunch } from "./launch-check.ts";

/** What artifacts are made with. */
export interface ArtifactMaker {
  db: Database;
  blobs: BlobStore;
  executor: BuildExecutor;
  artifacts: ArtifactStore;
  driver: MachineDriver;
}

/** What a build made. */
export interface BuiltArtifact {
  imageId: string;
  /** Name under which the image is kept. */
  imageRef: string;
  /** Equal for builds that would make the same artifact; absent where that cannot be told. */
  reuseKey?: string;
  ociMetadata: OciMetadata;
  /** How its machines start. */
  runtime: ArtifactRuntime;
  cache: CacheSummary;
}

const NO_LAYERS: LayerCache = { layer_hits: 0, layer_misses: 0, layer_bypasses: 0, layer_stores: 0 };

/**
 * Makes the artifact of a build: the image of an earlier build from the same input, under a name of this build; else a new
 * one, whose start command and readiness check are run once.
 *
 * @param signal aborted: the build stops, and leaves nothing behind
 * @throws BuildFailure saying in which phase and why; EngineUnavailableError when the engine went away, so that the
 *   build may be run again as it is
 */
export async function makeArtifact(
  maker: ArtifactMaker,
  job: BuildJob,
  report: BuildReporter,
  signal: AbortSignal,
): Promise<BuiltArtifact> {
  const imageRef = maker.artifacts.nameOf(job.templateId);
  const files = countFileBlobs(maker.db, job, report);
  try {
    const { image, started, key, cache } = await reuseOrBuild(maker, job, imageRef, report, signal);
    return {
      imageId: image.imageId,
      imageRef,
      ...(key !== undefined && { reuseKey: key }),
      ...started,
      cache: { ...cache, ...files },
    };
  } catch (error) {
    using timeout = answerTimeout(30_000);
    await maker.artifacts.remove(imageRef, timeout.signal).catch(() => {
      // The failure of the build is what counts; the sweep removes images that no artifact has.
    });
    throw error;
  }
}

async function reuseOrBuild(
  { db, blobs, executor, artifacts, driver }: ArtifactMaker,
  job: BuildJob,
  imageRef: string,
  report: BuildReporter,
  signal: AbortSignal,
): Promise<{
  image: ImageDescription;
  started: StartedImage;
  key: string | undefined;
  cache: LayerCache & ArtifactCache;
}> {
  const input =
    job.baseImage === undefined
      ? await dockerfileInput(blobs, job)
      : stepsInput(job, job.baseImage, await executor.haveBase(job, job.baseImage, report, signal));
  const barrier = reuseBarrier(job);
  const before = await reuseKey(executor, job, input, signal);
  const found =
    before === undefined || barrier !== undefined
      ? undefined
      : await reuseImage(db, artifacts, before, job.templateId, signal);
  reportReuse(report, found, barrier);
  if (found !== undefined) {
    const { image } = found;
    const cache = { ...NO_LAYERS, ...artifactCache("hit", false) };
    return { image, started: startOf(job, image), key: before, cache };
  }
  const { imageId, cache: layers } = await executor.build({ ...job, input, imageRef }, report, signal);
  const image = await artifacts.describe(imageId, signal);
  if (image === undefined) throw new Error(`The image ${imageId} was made and is not there.`);
  const started = startOf(job, image);
  await checkLaunch(driver, job, { imageId, runtime: started.runtime }, report, signal);
  // A base that the build has fetched is known only now; one that was moved meanwhile fits neither key.
  const after = await reuseKey(executor, job, input, signal);
  const key = before === undefined || before === after ? after : undefined;
  const outcome = barrier === undefined ? "miss" : "bypass";
  return { image, started, key, cache: { ...layers, ...artifactCache(outcome, key !== undefined) } };
}

async function dockerfileInput(blobs: BlobStore, { definition, context }: BuildJob): Promise<BuildInput> {
  const text = definition.dockerfile ?? (await readFileText(blobs, context, definition.dockerfile_path ?? ""));
  if (definition.build_config?.internet_access === false) refuseUnclearDownloads(text, definition);
  return { text, entries: contextEntries(context) };
}

/**
 * What the builder itself fetches comes through no network of the build's, so that it cannot be kept from it: a file that
 * may fetch is not built. What fetches for certain has been refused with the request.
 */
function refuseUnclearDownloads(text: string, definition: BuildDefinition): void {
  for (const { line, source } of fetchingAdds(text, dockerfileArgs(definition))) {
    throw new BuildFailure(
      `Line ${line} of the Dockerfile: ADD ${source} may fetch from the network, because the value of its variable comes from the base image, and build_config.internet_access is false.`,
      {
        phase: "prepare",
        reason: "download_not_allowed",
        suggestedAction:
          "Set the variable in the Dockerfile (ENV, or ARG with a default) or in build_args, or allow internet access.",
        details: { dockerfile_line: line },
      },
    );
  }
}

function stepsInput({ definition, context, inherited, buildId }: BuildJob, baseImage: string, baseUser: string) {
  const steps = definition.steps ?? [];
  const rendered = renderDockerfile({
    baseImage,
    baseUser,
    steps,
    buildEnvs: { ...inherited.env, ...definition.build_envs },
    cacheNonce: buildId,
    isFile: (source) => context.some(({ path, type }) => type === "file" && path === normalizeSource(source)),
  });
  const entries = placedEntries(context, rendered.placements);
  return { text: rendered.text, entries, declarative: { steps, rendered } } satisfies BuildInput;
}

/** How machines of an image start, and what the image says. */
type StartedImage = Pick<BuiltArtifact, "runtime" | "ociMetadata">;

function startOf({ definition, inherited, isImport }: BuildJob, image: ImageDescription): StartedImage {
  const own = runtimeOf(definition, inherited);
  const runtime = isImport ? overImage(own, image) : own;
  const mapped = mappedReadiness(runtime, image);
  return {
    runtime: mapped === undefined ? runtime : { ...runtime, readiness: mapped },
    ociMetadata: metadataWith(image, mapped),
  };
}
