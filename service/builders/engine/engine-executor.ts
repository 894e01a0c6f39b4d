import { setTimeout as sleep } from "node:timers/promises";
import {
  EngineConflictError,
  EngineNotFoundError,
  isEngineAway,
  parseImageRef,
  type DockerEngine,
  type ImageInspect,
  type RegistryAuths,
} from "pulumi-nullspace/docker";
import type { Readiness, Step } from "pulumi-nullspace/wire";
import { answerTimeout } from "../../answer-timeout.ts";
import type { BlobStore } from "../../blobs/blob-store.ts";
import { asError, engineUnavailable, EngineUnavailableError } from "../../errors.ts";
import { INSTANCE_LABEL, TEMPLATE_LABEL } from "../../labels.ts";
import { runtimeOf, type ArtifactRuntime } from "../../templates/artifact-runtime.ts";
import { mappedReadiness, overImage } from "../../artifacts/engine/image-runtime.ts";
import type { BuildExecutor, BuildJob, BuildReporter, BuiltImage } from "../../builds/build-executor.ts";
import { BuildFailure } from "../../builds/build-failure.ts";
import { checkDockerfile } from "../../builds/dockerfile/check-dockerfile.ts";
import { describeStep, renderDockerfile, type RenderedDockerfile } from "../../builds/dockerfile/render-dockerfile.ts";
import { normalizeSource } from "../../builds/copy-sources.ts";
import { readFileText } from "../../builds/context-entries.ts";
import { countFileBlobs } from "../../builds/file-blob-cache.ts";
import { contextEntries, placedEntries } from "../../builds/context-archive.ts";
import { engineContext } from "./engine-context.ts";
import { baseImageFailure, engineLost, imageBuildFailure, mayBeEngineStop } from "./engine-failure.ts";
import {
  artifactCache,
  reportReuse,
  reuseBarrier,
  reuseImage,
  reuseKey,
  type ArtifactCache,
  type BuildInput,
} from "../../builds/image-reuse.ts";
import { checkLaunch } from "../../builds/launch-check.ts";
import { removeLeftovers } from "../../builds/leftovers.ts";
import { ociMetadataOf } from "../../artifacts/engine/oci-metadata.ts";
import { ProgressLog } from "./progress-log.ts";
import { registryAuths } from "./registry-credentials.ts";
import type { Database } from "../../store/database.ts";

/** A builder that is ended with its engine fails a moment before its engine goes; so long one waits to see it go. */
const GOING_AWAY_MS = 2_000;
const GOING_AWAY_LOOK_MS = 200;

/** A ping that takes longer means an engine that is not there. */
const PING_TIMEOUT_MS = 5_000;

/** What {@link EngineExecutor} needs. */
export interface EngineExecutorOptions {
  engine: DockerEngine;
  blobs: BlobStore;
  db: Database;
  instanceId: string;
}

/**
 * Builds on Docker Engine: BuildKit through the engine's API, the classic builder where the engine has no BuildKit.
 * Both backends of the contract, `native` and `buildkit`, are this one; `native` only means that no secret can be
 * mounted.
 */
export class EngineExecutor implements BuildExecutor {
  readonly #options: EngineExecutorOptions;

  constructor(options: EngineExecutorOptions) {
    this.#options = options;
  }

  async checkAvailable(signal: AbortSignal): Promise<void> {
    using timeout = answerTimeout(PING_TIMEOUT_MS);
    try {
      await this.#options.engine.ping({ signal: AbortSignal.any([signal, timeout.signal]) });
    } catch (error) {
      signal.throwIfAborted();
      if (isEngineAway(error)) throw engineUnavailable(error);
      if (asError(error).name === "TimeoutError") {
        throw new EngineUnavailableError(
          `Docker Engine at ${this.#options.engine.host} did not answer within ${PING_TIMEOUT_MS} ms.`,
          { cause: error },
        );
      }
      throw error;
    }
  }

  async run(job: BuildJob, report: BuildReporter, signal: AbortSignal): Promise<BuiltImage> {
    const imageRef = imageRefOf(job.templateId);
    const auths = await registryAuths(job.credentials, await this.#authTarget(job), signal);
    const files = countFileBlobs(this.#options.db, job, report);
    try {
      const input =
        job.baseImage === undefined
          ? await this.#dockerfileInput(job)
          : await this.#stepsInput(job, job.baseImage, auths, report, signal);
      const { image, started, reuseKey, cache } = await this.#reuseOrBuild(job, input, {
        imageRef,
        auths,
        report,
        signal,
      });
      return {
        imageId: image.Id,
        imageRef,
        ...(reuseKey !== undefined && { reuseKey }),
        ociMetadata: ociMetadataOf(image, started.mapped),
        runtime: started.runtime,
        cache: { ...cache, ...files },
      };
    } catch (error) {
      const lost = signal.aborted ? undefined : await this.#engineLost(error, signal);
      await this.removeImage(imageRef, AbortSignal.timeout(30_000)).catch(() => {
        // The failure of the build is what counts; the sweep removes images that no artifact has.
      });
      throw lost ?? error;
    }
  }

  async nameImage(imageId: string, templateId: string, signal: AbortSignal): Promise<string> {
    const imageRef = imageRefOf(templateId);
    try {
      await this.#options.engine.images.tag(imageId, imageRef, { signal });
      return imageRef;
    } catch (error) {
      throw engineLost(error) ?? error;
    }
  }

  async removeImage(imageRef: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#options.engine.images.remove(imageRef, { signal });
      return true;
    } catch (error) {
      if (error instanceof EngineNotFoundError) return true;
      // A machine still runs on it.
      if (error instanceof EngineConflictError) return false;
      throw error;
    }
  }

  cleanUp(signal: AbortSignal): Promise<void> {
    return removeLeftovers(this.#options, (imageRef) => this.removeImage(imageRef, signal), signal);
  }

  async #dockerfileInput({ definition, context }: BuildJob): Promise<EngineInput> {
    const text =
      definition.dockerfile ?? (await readFileText(this.#options.blobs, context, definition.dockerfile_path ?? ""));
    return { text, entries: contextEntries(context) };
  }

  async #stepsInput(
    job: BuildJob,
    baseImage: string,
    auths: RegistryAuths,
    report: BuildReporter,
    signal: AbortSignal,
  ): Promise<EngineInput> {
    const { definition, context, buildId } = job;
    const base = await this.#haveBase(job, baseImage, auths, report, signal);
    const steps = definition.steps ?? [];
    const rendered = renderDockerfile({
      baseImage,
      baseUser: base.Config?.User ?? "",
      steps,
      buildEnvs: { ...job.inherited.env, ...definition.build_envs },
      cacheNonce: buildId,
      isFile: (source) => context.some(({ path, type }) => type === "file" && path === normalizeSource(source)),
    });
    const entries = placedEntries(context, rendered.placements);
    return { text: rendered.text, entries, declarative: { steps, rendered } };
  }

  /** The image of an earlier build from the same input, under a name of this build; else a new one, tried once. */
  async #reuseOrBuild(
    job: BuildJob,
    input: EngineInput,
    { imageRef, auths, report, signal }: BuildTo,
  ): Promise<{
    image: ImageInspect;
    started: StartedImage;
    reuseKey: string | undefined;
    cache: LayerAndArtifactCache;
  }> {
    const { engine, db, instanceId } = this.#options;
    const barrier = reuseBarrier(job);
    const before = await reuseKey(engine, job, input, signal);
    const found =
      before === undefined || barrier !== undefined
        ? undefined
        : await reuseImage(db, engine, before, imageRef, signal);
    reportReuse(report, found, barrier);
    if (found !== undefined) {
      return {
        image: found.image,
        started: startOf(job, found.image),
        reuseKey: before,
        cache: { ...NO_LAYERS, ...artifactCache("hit", false) },
      };
    }
    const { declarative } = input;
    const skipCache = job.definition.skip_cache === true;
    const progress = new ProgressLog({ report, ...(declarative !== undefined && { declarative }), skipCache });
    const imageId = await this.#buildImage(job, input, { imageRef, auths, progress, signal });
    const image = await engine.images.inspect(imageId, { signal });
    const started = startOf(job, image);
    await checkLaunch(engine, instanceId, job, { imageId, runtime: started.runtime }, report, signal);
    // A base that the build has fetched is known only now; one that was moved meanwhile fits neither key.
    const after = await reuseKey(engine, job, input, signal);
    const key = before === undefined || before === after ? after : undefined;
    return {
      image,
      started,
      reuseKey: key,
      cache: {
        ...progress.layers(),
        ...artifactCache(barrier === undefined ? "miss" : "bypass", key !== undefined),
      },
    };
  }

  async #buildImage(
    job: BuildJob,
    { text, entries }: EngineInput,
    { imageRef, auths, progress, signal }: Omit<BuildTo, "report"> & { progress: ProgressLog },
  ): Promise<string> {
    const { engine, blobs, instanceId } = this.#options;
    const { definition, credentials } = job;
    const buildArgs = { ...(job.baseImage === undefined && definition.build_envs), ...definition.build_args };
    const build = engine.build({
      context: engineContext(blobs, { text, entries, sharedKey: `${instanceId}/${job.templateKey}` }),
      tags: [imageRef],
      labels: { [INSTANCE_LABEL]: instanceId, [TEMPLATE_LABEL]: job.templateId },
      forcerm: true,
      // What decides an image is in its definition, which is all that the key of its reuse knows.
      useConfigProxy: false,
      ...(Object.keys(buildArgs).length > 0 && { buildArgs }),
      ...(definition.build_target !== undefined && { target: definition.build_target }),
      ...(definition.skip_cache === true && { noCache: true }),
      ...(definition.build_config?.internet_access === false && { networkMode: "none" }),
      ...(Object.keys(auths).length > 0 && { auth: auths }),
      ...(credentials.secrets.length > 0 && { secrets: credentials.secrets.map(({ id, value }) => ({ id, value })) }),
      buildId: job.buildId,
      signal,
    });
    try {
      for await (const one of build) progress.observe(one);
      return (await build.done).imageId;
    } catch (error) {
      signal.throwIfAborted();
      const index = progress.failedStepIndex();
      const step = definition.steps?.[(index ?? 0) - 1];
      throw imageBuildFailure(
        error,
        index,
        job.baseImage === undefined
          ? { kind: "dockerfile", text }
          : { kind: "steps", step: step && describeStep(step) },
      );
    }
  }

  /** Fetches the base image unless the engine has it. Its user decides as whom commands run. */
  async #haveBase(
    job: BuildJob,
    image: string,
    auths: RegistryAuths,
    report: BuildReporter,
    signal: AbortSignal,
  ): Promise<ImageInspect> {
    const { images } = this.#options.engine;
    try {
      try {
        return await images.inspect(image, { signal });
      } catch (error) {
        if (!(error instanceof EngineNotFoundError)) throw error;
        if (job.baseIsTemplate) {
          throw new BuildFailure(`The image of the base template is not on the engine any more (${image}).`, {
            phase: "prepare",
            reason: "base_template_gone",
            suggestedAction: "Build the base template again, then this one.",
            cause: error,
          });
        }
      }
      report({ kind: "message", level: "info", phase: "preparing", message: `Pulling the base image ${image}` });
      const auth = auths[parseImageRef(image).registry];
      await images.pull(image, { signal, ...(auth !== undefined && { auth }) });
      return await images.inspect(image, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof BuildFailure ? error : baseImageFailure(image, error);
    }
  }

  /**
   * Whether a build failed because the engine went away. One that stops in good order first ends its builds and containers,
   * which then look as if they had failed by themselves.
   */
  async #engineLost(error: unknown, signal: AbortSignal): Promise<EngineUnavailableError | undefined> {
    const known = engineLost(error);
    if (known !== undefined || !mayBeEngineStop(error)) return known;
    const endMs = performance.now() + GOING_AWAY_MS;
    while (performance.now() < endMs) {
      try {
        await this.checkAvailable(signal);
        await sleep(GOING_AWAY_LOOK_MS, undefined, { signal });
      } catch (away) {
        return away instanceof EngineUnavailableError ? away : undefined;
      }
    }
    return undefined;
  }

  /** Image that `base_image_auth` is for. */
  async #authTarget({ baseImage, definition, context }: BuildJob): Promise<string | undefined> {
    if (definition.base_image_auth_kind === undefined) return undefined;
    if (baseImage !== undefined) return baseImage;
    const text =
      definition.dockerfile ?? (await readFileText(this.#options.blobs, context, definition.dockerfile_path ?? ""));
    return checkDockerfile(text, definition.build_target).finalBase;
  }
}

/** Name of the image of an artifact. */
function imageRefOf(templateId: string): string {
  return `nullspace-local/${templateId}`;
}

/** What the engine is sent, and for steps how it was made from them. */
interface EngineInput extends BuildInput {
  declarative?: { steps: readonly Step[]; rendered: RenderedDockerfile };
}

/** How machines of an image start, and the readiness check that its health check has become. */
interface StartedImage {
  runtime: ArtifactRuntime;
  mapped?: Readiness;
}

function startOf({ definition, inherited, isImport }: BuildJob, image: ImageInspect): StartedImage {
  const own = runtimeOf(definition, inherited);
  const runtime = isImport ? overImage(own, image) : own;
  const mapped = mappedReadiness(runtime, image);
  return mapped === undefined ? { runtime } : { runtime: { ...runtime, readiness: mapped }, mapped };
}

interface BuildTo {
  imageRef: string;
  auths: RegistryAuths;
  report: BuildReporter;
  signal: AbortSignal;
}

type LayerAndArtifactCache = ReturnType<ProgressLog["layers"]> & ArtifactCache;

const NO_LAYERS = { layer_hits: 0, layer_misses: 0, layer_bypasses: 0, layer_stores: 0 };
