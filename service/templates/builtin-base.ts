import type { Logger } from "pino";
import { now } from "../clock.ts";
import { asError, EngineUnavailableError, UnavailableError } from "../errors.ts";
import { newId } from "../ids.ts";
import { insertArtifact } from "../store/artifacts.ts";
import { buildUnderTag, insertBuild } from "../store/builds.ts";
import type { Database } from "../store/database.ts";
import { tagsOf } from "../store/tags.ts";
import { insertTemplate } from "../store/templates.ts";
import { canonicalJson, digestOf } from "../canonical-json.ts";
import { NOTHING_INHERITED, runtimeOf, type ArtifactRuntime } from "./artifact-runtime.ts";
import type { ArtifactStore, ImageDescription } from "./artifact-store.ts";
import { overImage } from "./image-runtime.ts";
import { findByName, SYSTEM_NAMESPACE, type LogicalTemplate } from "./logical-template.ts";
import { moveTags } from "./tags.ts";

/** The template that machines start from when nothing else is asked for. */
export const BASE_NAME = "base";

/** Image of it unless told otherwise: small, and it has a shell. */
export const DEFAULT_BASE_IMAGE = "busybox:stable";

/** Both mean the one artifact that there is. */
const TAGS = ["default", "latest"];

/** What {@link BuiltinBase} needs. */
export interface BuiltinBaseOptions {
  db: Database;
  artifacts: ArtifactStore;
  log: Logger;
  /** Image by name. */
  image: string;
}

/**
 * `nullspace/base`: the configured image as a template. It is made when it is first needed, because the image may have
 * to be pulled, and a service that only builds from Dockerfiles never needs it.
 */
export class BuiltinBase {
  readonly #options: BuiltinBaseOptions;
  #making: Promise<void> | undefined;

  constructor(options: BuiltinBaseOptions) {
    this.#options = options;
    const { db } = options;
    db.transaction(() => {
      const existing = findByName(db, SYSTEM_NAMESPACE, BASE_NAME);
      if (existing !== undefined) return nameDefault(db, existing);
      insertTemplate(db, { namespace: SYSTEM_NAMESPACE, name: BASE_NAME, visibility: "public", builtin: 1 }, now());
    });
  }

  /** Makes the artifact unless it is there, with its image, for the configured one. Calls at the same time share one making. */
  async ensure(signal: AbortSignal): Promise<void> {
    if (this.#isMade()) return;
    // Not with the caller's signal: others wait for the same pull.
    this.#making ??= this.#make().finally(() => (this.#making = undefined));
    await Promise.race([this.#making, aborted(signal)]);
  }

  /** Makes the artifact if that costs nothing: the image is on the engine already. */
  async ensureIfPresent(signal: AbortSignal): Promise<void> {
    const { artifacts, image, log } = this.#options;
    try {
      if ((await artifacts.describe(image, signal)) !== undefined) await this.ensure(signal);
    } catch (error) {
      log.debug({ image, err: asError(error) }, "the base template is made when it is needed");
    }
  }

  #isMade(): boolean {
    const { db, image } = this.#options;
    const template = findByName(db, SYSTEM_NAMESPACE, BASE_NAME);
    const build = template && buildUnderTag(db, template.templateKey, "latest");
    if (build?.state !== "available" || build.imageMissingSince !== null) return false;
    return (JSON.parse(build.definition) as { base_image?: string }).base_image === image;
  }

  async #make(): Promise<void> {
    const { db, artifacts, image, log } = this.#options;
    // Before the engine has anything that could not be recorded.
    db.room?.assert();
    const found = await this.#haveImage();
    const { imageId, metadata } = found;
    const templateId = newId("tmpl_");
    const imageRef = artifacts.nameOf(templateId);
    if (!(await artifacts.keep(imageId, templateId))) throw this.#notAvailable(new Error("it has just gone"));
    const at = now();
    const definition = { base_image: image };
    db.grow(() => {
      const template = findByName(db, SYSTEM_NAMESPACE, BASE_NAME);
      if (template === undefined) throw new Error("the base template's row is missing");
      const buildId = newId("tb_");
      insertBuild(db, {
        buildId,
        templateId,
        templateKey: template.templateKey,
        name: BASE_NAME,
        tags: JSON.stringify(TAGS),
        status: "ready",
        buildBackend: "native",
        sourceType: "oci_import",
        sourceDigest: digestOf(canonicalJson(definition)),
        definition: JSON.stringify(definition),
        needsCredentials: 0,
        inlineContext: 0,
        triggeredBy: "nullspace",
        createdAt: at,
        startedAt: at,
        finishedAt: at,
        ociMetadata: JSON.stringify(metadata),
        runtime: JSON.stringify(machineRuntime(found)),
      });
      insertArtifact(db, {
        templateId,
        buildId,
        imageId,
        imageRef,
        reuseKey: null,
        unpinnedAt: null,
        createdAt: at,
      });
      moveTags(db, template, TAGS, buildId);
    });
    log.info({ image, templateId }, "base template made");
  }

  async #haveImage(): Promise<ImageDescription> {
    const { artifacts, image } = this.#options;
    try {
      return (await artifacts.describe(image)) ?? (await artifacts.fetch(image));
    } catch (error) {
      if (error instanceof EngineUnavailableError) throw error;
      throw this.#notAvailable(asError(error));
    }
  }

  #notAvailable(cause: Error): UnavailableError {
    return new UnavailableError(
      `The image ${this.#options.image} of the template nullspace/base is not available: ${cause.message}`,
      {
        code: "base_image_unavailable",
        suggestedAction:
          "Let the engine reach its registry, or start the service with --base-image (or NULLSPACE_LOCAL_BASE_IMAGE) and an image that it can pull.",
        cause,
      },
    );
  }
}

/** A service of before knew the template as `latest` alone. */
function nameDefault(db: Database, template: LogicalTemplate): void {
  const tags = tagsOf(db, template.templateKey);
  const latest = tags.find(({ tag }) => tag === "latest");
  if (latest !== undefined && tags.every(({ tag }) => tag !== "default")) {
    moveTags(db, template, ["default"], latest.buildId);
  }
}

/** A machine of it idles, whatever its image would start. */
function machineRuntime(image: ImageDescription): ArtifactRuntime {
  const {
    startCmd: _startCmd,
    mayStartCmdEnd: _mayEnd,
    ...runtime
  } = overImage(runtimeOf({}, NOTHING_INHERITED), image);
  return runtime;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}
