import {
  DockerError,
  EngineNotFoundError,
  parseImageRef,
  type DockerEngine,
  type ImageInspect,
} from "pulumi-nullspace/docker";
import type { BlobStore } from "../../blobs/blob-store.ts";
import type { BuildExecutor, BuildJob, BuildOrder, BuildReporter, MadeImage } from "../../builds/build-executor.ts";
import { BuildFailure } from "../../builds/build-failure.ts";
import { seeEngineGo } from "../../engine-stop.ts";
import { pingEngine } from "../../drivers/docker/ping-engine.ts";
import { blobContext } from "../blob-context.ts";
import { baseTemplateGone, imageBuildFailure } from "../image-failure.ts";
import { authTarget, failedSource, imageOptions } from "../image-options.ts";
import { ProgressLog } from "../progress-log.ts";
import { registryAuths } from "../registry-credentials.ts";
import { baseImageFailure, engineLost, mayBeEngineStop } from "./engine-failure.ts";

/** What {@link EngineExecutor} needs. */
export interface EngineExecutorOptions {
  engine: DockerEngine;
  blobs: BlobStore;
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

  checkAvailable(signal: AbortSignal): Promise<void> {
    return pingEngine(this.#options.engine, signal);
  }

  async haveBase(job: BuildJob, image: string, report: BuildReporter, signal: AbortSignal): Promise<string> {
    const { images } = this.#options.engine;
    try {
      try {
        return userOf(await images.inspect(image, { signal }));
      } catch (error) {
        if (!(error instanceof EngineNotFoundError)) throw error;
        if (job.baseIsTemplate) throw baseTemplateGone(image, "on the engine", error);
      }
      report({ kind: "message", level: "info", phase: "preparing", message: `Pulling the base image ${image}` });
      const auths = await registryAuths(
        job.credentials,
        job.definition.base_image_auth_kind === undefined ? undefined : image,
        signal,
      );
      const auth = auths[parseImageRef(image).registry];
      await images.pull(image, { signal, ...(auth !== undefined && { auth }) });
      return userOf(await images.inspect(image, { signal }));
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof BuildFailure ? error : baseImageFailure(image, error);
    }
  }

  async stableImageId(name: string, signal: AbortSignal): Promise<string | undefined> {
    const image = await this.#inspect(name, signal);
    if (image === undefined) return undefined;
    // With containerd's image store the id is a manifest's digest, and builds ask the registry what a name means now.
    if (image.RepoDigests?.some((digest) => digest.endsWith(`@${image.Id}`))) return undefined;
    // Instructions of the base that run in the build: they may fetch.
    const { OnBuild: triggers } = (image.Config ?? {}) as { OnBuild?: string[] | null };
    return triggers?.length ? undefined : image.Id;
  }

  async build(order: BuildOrder, report: BuildReporter, signal: AbortSignal): Promise<MadeImage> {
    try {
      return await this.#build(order, report, signal);
    } catch (error) {
      signal.throwIfAborted();
      // One that stops in good order first ends its builds, which then look as if they had failed by themselves.
      const lost = mayBeEngineStop(error)
        ? await seeEngineGo((signal) => this.checkAvailable(signal), signal)
        : engineLost(error);
      throw lost ?? error;
    }
  }

  async #build(job: BuildOrder, report: BuildReporter, signal: AbortSignal): Promise<MadeImage> {
    const { engine, blobs, instanceId } = this.#options;
    const { definition, credentials, input, imageRef } = job;
    const { text, entries, declarative } = input;
    const auths = await registryAuths(credentials, authTarget(job), signal);
    const skipCache = definition.skip_cache === true;
    const progress = new ProgressLog({ report, ...(declarative !== undefined && { declarative }), skipCache });
    const build = engine.build({
      context: blobContext(blobs, { text, entries, sharedKey: `${instanceId}/${job.templateKey}` }),
      ...imageOptions(job, instanceId),
      tags: [imageRef],
      forcerm: true,
      ...(Object.keys(auths).length > 0 && { auth: auths }),
      signal,
    });
    try {
      for await (const one of build) progress.observe(one);
      return { imageId: (await build.done).imageId, cache: progress.layers() };
    } catch (error) {
      signal.throwIfAborted();
      const index = progress.failedStepIndex();
      throw engineLost(error) ?? imageBuildFailure(error, index, failedSource(job, index));
    }
  }

  async #inspect(name: string, signal: AbortSignal): Promise<ImageInspect | undefined> {
    try {
      return await this.#options.engine.images.inspect(name, { signal });
    } catch (error) {
      signal.throwIfAborted();
      // Not there, no image name, an engine that has gone: the build that follows says it better.
      if (error instanceof DockerError) return undefined;
      throw error;
    }
  }
}

function userOf(image: ImageInspect): string {
  return image.Config?.User ?? "";
}
