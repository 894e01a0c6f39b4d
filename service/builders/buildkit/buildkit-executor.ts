import {
  BuildKitUnreachableError,
  DockerError,
  type DockerEngine,
  EngineConnectionLostError,
  ImageBuildCutShortError,
  ImageBuildError,
  parseImageRef,
  registryHost,
  type BuildKitDaemon,
  type RegistryAuths,
} from "pulumi-nullspace/docker";
import { readImage } from "../../artifacts/registry/image-manifest.ts";
import type { Registries } from "../../artifacts/registry/registries.ts";
import { RegistryError, RegistryAwayError } from "../../artifacts/registry/registry-errors.ts";
import { ownRegistryFailure } from "../../artifacts/registry/registry-unavailable.ts";
import type { RegistryArtifactStore } from "../../artifacts/registry/registry-artifact-store.ts";
import type { BlobStore } from "../../blobs/blob-store.ts";
import type { BuildExecutor, BuildJob, BuildOrder, BuildReporter, MadeImage } from "../../builds/build-executor.ts";
import { BuildFailure } from "../../builds/build-failure.ts";
import { asError, EngineUnavailableError } from "../../errors.ts";
import { blobContext } from "../blob-context.ts";
import { baseImageRefused, baseImageUnavailable, baseTemplateGone, imageBuildFailure } from "../image-failure.ts";
import { authTarget, failedSource, imageOptions } from "../image-options.ts";
import { ProgressLog } from "../progress-log.ts";
import { registryAuths } from "../registry-credentials.ts";
import type { BuilderFleet } from "./builder-fleet.ts";
import { cacheTag } from "./cache-tag.ts";

/** What {@link BuildKitExecutor} needs. */
export interface BuildKitExecutorOptions {
  /** Gives the SDK's builds Docker's configuration; no engine is asked for anything. */
  readonly engine: DockerEngine;
  readonly fleet: BuilderFleet;
  readonly registries: Registries;
  readonly artifacts: RegistryArtifactStore;
  readonly blobs: BlobStore;
  readonly instanceId: string;
}

/**
 * Builds on BuildKit daemons, which push what they make to the registry of the artifacts. The builds of a template go to one
 * builder, where its files and its cache are, and to the next one when that is away; what a builder has made of a template goes to
 * the registry as its cache, too, so that one that comes new does not begin from nothing.
 *
 * An image is pushed without a name and is given it when the build has succeeded: what is stopped or fails leaves none.
 */
export class BuildKitExecutor implements BuildExecutor {
  readonly #options: BuildKitExecutorOptions;

  constructor(options: BuildKitExecutorOptions) {
    this.#options = options;
  }

  async checkAvailable(signal: AbortSignal): Promise<void> {
    const { fleet, artifacts } = this.#options;
    await Promise.all([fleet.checkAvailable(signal), artifacts.checkAvailable(signal)]);
  }

  async haveBase(job: BuildJob, image: string, _report: BuildReporter, signal: AbortSignal): Promise<string> {
    const { registries } = this.#options;
    const { registry: host, repository, tag, digest } = parseImageRef(image);
    const target = job.definition.base_image_auth_kind === undefined ? undefined : image;
    try {
      using registry = registries.clientWith(host, await registryAuths(job.credentials, target, signal));
      const found = await readImage(registry, repository, digest ?? tag ?? "latest", { signal });
      if (found !== undefined) return found.config.config?.User ?? "";
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof BuildFailure) throw error;
      // The own registry is this service's business, and not the caller's.
      if (job.baseIsTemplate) throw ownRegistryFailure(error);
      if (error instanceof RegistryError && error.isAboutCredentials) throw baseImageRefused(image, error.said, error);
      throw baseImageUnavailable(image, asError(error).message, "the service and the builders", error);
    }
    if (job.baseIsTemplate) throw baseTemplateGone(image, "in the registry");
    throw baseImageUnavailable(image, "the registry has no such image for this platform", "the service", undefined);
  }

  async stableImageId(name: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      const { registry: host, repository, tag, digest } = parseImageRef(name);
      const registry = this.#options.registries.client(host);
      const found = await readImage(registry, repository, digest ?? tag ?? "latest", { signal });
      // Instructions of the base that run in the build: they may fetch.
      return found === undefined || found.config.config?.OnBuild?.length ? undefined : found.digest;
    } catch (error) {
      signal.throwIfAborted();
      // No image name, one that takes a caller's credentials, a registry that is away: the build that follows says it better.
      if (error instanceof DockerError || error instanceof RegistryError || error instanceof RegistryAwayError) {
        return undefined;
      }
      throw error;
    }
  }

  async build(order: BuildOrder, report: BuildReporter, signal: AbortSignal): Promise<MadeImage> {
    const { fleet, instanceId } = this.#options;
    const warn = (message: string) => report({ kind: "warning", level: "warn", phase: "preparing", message });
    const passedOver = (address: string, reason: string) => warn(`The builder at ${address} is passed over. ${reason}`);
    for await (const builder of fleet.answering(`${instanceId}/${order.templateKey}`, signal, passedOver)) {
      try {
        return await this.#buildOn(builder, order, report, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!isBuilderLost(error)) throw error;
        warn(`The builder at ${builder.address} went away; the build begins again on another one.`);
      }
    }
    throw new Error("No builder is left, and no reason was given.");
  }

  async #buildOn(
    builder: BuildKitDaemon,
    order: BuildOrder,
    report: BuildReporter,
    signal: AbortSignal,
  ): Promise<MadeImage> {
    const { engine, registries, artifacts, blobs, instanceId } = this.#options;
    const { own } = registries;
    const { definition, input } = order;
    const skipCache = definition.skip_cache === true;
    const progress = new ProgressLog({
      report,
      ...(input.declarative !== undefined && { declarative: input.declarative }),
      skipCache,
    });
    const insecure = { ...(own.isPlain && { "registry.insecure": "true" }) };
    const repository = `${own.host}/${own.repository}`;
    const tag = cacheTag(instanceId, order.templateKey);
    const cache = `${repository}:${tag}`;
    const hasCache = !skipCache && (await registries.ownClient.digest(own.repository, tag, signal)) !== undefined;
    const build = engine.build({
      ...imageOptions(order, instanceId),
      context: blobContext(blobs, {
        text: input.text,
        entries: input.entries,
        sharedKey: `${instanceId}/${order.templateKey}`,
      }),
      builder,
      auth: await this.#auths(order, signal),
      ...(hasCache && { cacheFrom: [{ type: "registry", ref: cache }] }),
      cacheTo: [
        {
          type: "registry",
          ref: cache,
          mode: "max",
          // A cache that cannot be kept makes later builds slower, and this one no worse.
          attrs: { "image-manifest": "true", "oci-mediatypes": "true", "ignore-error": "true", ...insecure },
        },
      ],
      outputs: [
        {
          type: "image",
          attrs: { name: repository, push: "true", "push-by-digest": "true", "oci-mediatypes": "true", ...insecure },
        },
      ],
      signal,
    });
    try {
      for await (const one of build) progress.observe(one);
      const { manifestDigest } = await build.done;
      if (manifestDigest === undefined) throw new ImageBuildCutShortError();
      const imageId = artifacts.idOf(manifestDigest);
      if (!(await artifacts.keep(imageId, order.templateId, signal))) {
        throw new EngineUnavailableError(`The registry ${own.host} has lost the image that was just pushed to it.`);
      }
      return { imageId, cache: progress.layers() };
    } catch (error) {
      signal.throwIfAborted();
      if (isBuilderLost(error) || error instanceof EngineUnavailableError) throw error;
      throw await this.#failure(error, order, progress.failedStepIndex(), signal);
    }
  }

  /** Why a build failed. One whose registry is away did not fail by itself, whatever words the builder has for it. */
  async #failure(
    error: unknown,
    order: BuildOrder,
    stepIndex: number | undefined,
    signal: AbortSignal,
  ): Promise<unknown> {
    const { registries } = this.#options;
    if (error instanceof RegistryAwayError) return ownRegistryFailure(error);
    const isOfRegistry =
      error instanceof ImageBuildError && error.exitCode === undefined && EXPORT.test(error.step ?? "");
    if (!isOfRegistry) return imageBuildFailure(error, stepIndex, failedSource(order, stepIndex));
    try {
      await registries.ownClient.ping(signal);
    } catch (away) {
      signal.throwIfAborted();
      return ownRegistryFailure(away);
    }
    const { host } = registries.own;
    return new BuildFailure(`The builder could not push the image to ${host}: ${error.builderMessage}`, {
      phase: "finalize",
      reason: "registry_push_failed",
      retryable: true,
      suggestedAction:
        "Whoever runs the service has to see that its credentials may push there, and that builders reach the registry under this name.",
      cause: error,
    });
  }

  /** Those of the build, and those of the service for its own registry, to which the builder has to push. */
  async #auths(order: BuildOrder, signal: AbortSignal): Promise<RegistryAuths> {
    const { registries } = this.#options;
    const own = await registries.ownAuth(signal);
    const auths = await registryAuths(order.credentials, authTarget(order), signal);
    return { ...auths, ...(own !== undefined && { [registryHost(registries.own.host)]: own }) };
  }
}

/** Steps of BuildKit in which it writes to registries; it names no error for them. */
const EXPORT = /^(?:exporting|pushing)\b/;

/** Nothing is wrong with the definition: another builder may do it. */
function isBuilderLost(error: unknown): boolean {
  return (
    error instanceof BuildKitUnreachableError ||
    error instanceof EngineConnectionLostError ||
    error instanceof ImageBuildCutShortError
  );
}
