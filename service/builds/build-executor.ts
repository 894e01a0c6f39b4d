import type { CacheSummary, OciMetadata } from "pulumi-nullspace/wire";
import type { ArtifactRuntime, InheritedRuntime } from "../templates/artifact-runtime.ts";
import type { BuildDefinition } from "./build-record.ts";
import type { NewLogEntry } from "./build-log.ts";
import type { ContextEntry } from "./context-entries.ts";
import type { BuildCredentials } from "./credentials.ts";

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

/** What a build made. */
export interface BuiltImage {
  /** The engine's id of the image. */
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

/** Receives the news of a running build. */
export type BuildReporter = (entry: NewLogEntry) => void;

/**
 * What turns a definition into an image. Docker Engine is the one of this service; another (BuildKit on another host,
 * with an OCI registry) keeps this contract.
 */
export interface BuildExecutor {
  /** @throws EngineUnavailableError when nothing can be built now */
  checkAvailable(signal: AbortSignal): Promise<void>;
  /**
   * Builds, then runs the start command and its readiness check once.
   *
   * @param signal aborted: the build stops on the engine too, and leaves nothing behind
   * @throws BuildFailure saying in which phase and why; EngineUnavailableError when the engine went away, so that the
   *   build may be run again as it is
   */
  run(job: BuildJob, report: BuildReporter, signal: AbortSignal): Promise<BuiltImage>;
  /**
   * Gives a built image one more name, that of another artifact which is the same.
   *
   * @returns the name
   * @throws EngineUnavailableError when the engine is away
   */
  nameImage(imageId: string, templateId: string, signal: AbortSignal): Promise<string>;
  /** Removes the image of an artifact. @returns `false` while something still uses it */
  removeImage(imageRef: string, signal: AbortSignal): Promise<boolean>;
  /** Removes what builds of an earlier process left on the engine. */
  cleanUp(signal: AbortSignal): Promise<void>;
}
