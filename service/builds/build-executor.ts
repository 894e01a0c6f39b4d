import type { CacheSummary, Step } from "pulumi-nullspace/wire";
import type { InheritedRuntime } from "../templates/artifact-runtime.ts";
import type { BuildDefinition } from "./build-record.ts";
import type { NewLogEntry } from "./build-log.ts";
import type { ArchiveEntry } from "./context-archive.ts";
import type { ContextEntry } from "./context-entries.ts";
import type { BuildCredentials } from "./credentials.ts";
import type { RenderedDockerfile } from "./dockerfile/render-dockerfile.ts";

/** One build to run. */
export interface BuildJob {
  buildId: string;
  templateId: string;
  /** The logical template, whose builds have much of their context in common. */
  templateKey: number;
  definition: BuildDefinition;
  /** What a declarative build starts from: an image by name, or by id when it is a template's. */
  baseImage?: string;
  /** Whether the base is an image of this service, which no registry knows. */
  baseIsTemplate: boolean;
  /** What commands of the build and its machines have from the base, when it is a template. */
  inherited: InheritedRuntime;
  /** The image is taken as it is, with all that it says of its machines. */
  isImport: boolean;
  context: readonly ContextEntry[];
  credentials: BuildCredentials;
}

/** What the builder is sent. */
export interface BuildInput {
  /** Text of the Dockerfile. */
  text: string;
  entries: ArchiveEntry[];
  /** For steps: what the text was made from. */
  declarative?: { steps: readonly Step[]; rendered: RenderedDockerfile };
}

/** An image to make. */
export interface BuildOrder extends BuildJob {
  input: BuildInput;
  /** Name under which the image is to be kept. */
  imageRef: string;
}

/** How much of a build was there before. */
export type LayerCache = Pick<CacheSummary, "layer_hits" | "layer_misses" | "layer_bypasses" | "layer_stores">;

/** What a builder made. */
export interface MadeImage {
  /** Id under which the store of artifacts and the driver of machines know the image. */
  imageId: string;
  cache: LayerCache;
}

/** Receives the news of a running build. */
export type BuildReporter = (entry: NewLogEntry) => void;

/**
 * What makes images, and nothing else: whether an earlier image will do, and whether the new one starts, is decided above it.
 *
 * Docker Engine is the one of this service; another (BuildKit on another host, with an OCI registry) keeps this contract.
 */
export interface BuildExecutor {
  /** @throws EngineUnavailableError when nothing can be built now */
  checkAvailable(signal: AbortSignal): Promise<void>;
  /**
   * Fetches the base of a declarative build unless the builder has it.
   *
   * @returns the user that its commands run as; empty = root
   * @throws BuildFailure when the base is not available; EngineUnavailableError
   */
  haveBase(job: BuildJob, baseImage: string, report: BuildReporter, signal: AbortSignal): Promise<string>;
  /**
   * The id of the image that a build would take for a name, where that stays so until somebody moves the name here.
   *
   * @returns `undefined` where it is not known: the image is not here, builds ask the registry each time, or it brings
   *   instructions of its own
   */
  stableImageId(name: string, signal: AbortSignal): Promise<string | undefined>;
  /**
   * Makes the image, under its name.
   *
   * @param signal aborted: the build stops in the builder too
   * @throws BuildFailure saying in which phase and why; EngineUnavailableError when the builder went away, so that the
   *   build may be run again as it is
   */
  build(order: BuildOrder, report: BuildReporter, signal: AbortSignal): Promise<MadeImage>;
}
