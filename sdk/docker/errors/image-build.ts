import { markError } from "../../errors.ts";
import { DockerError } from "./docker-error.ts";

/** Where and how a build failed; what is not known is absent. */
export interface BuildFailureFacts {
  /** The failing step, as the builder names it, such as `[3/4] RUN make`. */
  step?: string | undefined;
  /** Line of the Dockerfile, counted from 1, on which the failing instruction starts. */
  dockerfileLine?: number | undefined;
  /** Exit code of the failing `RUN`. */
  exitCode?: number | undefined;
  /** The last log lines before the failure, oldest first. */
  logTail: readonly string[];
}

/** The builder says that the build failed. Code `image_build_failed`. */
export class ImageBuildError extends DockerError {
  static {
    markError(this, "ImageBuildError");
  }

  readonly step: string | undefined;
  readonly dockerfileLine: number | undefined;
  readonly exitCode: number | undefined;
  readonly logTail: readonly string[];
  /** The builder's own words. */
  readonly builderMessage: string;

  constructor(builderMessage: string, facts: BuildFailureFacts, cause?: unknown) {
    const at = [
      ...(facts.step === undefined ? [] : [`in step ${facts.step}`]),
      ...(facts.dockerfileLine === undefined ? [] : [`Dockerfile line ${facts.dockerfileLine}`]),
    ];
    super(`The image build failed${at.length > 0 ? ` (${at.join(", ")})` : ""}: ${builderMessage}`, {
      code: "image_build_failed",
      cause,
    });
    this.builderMessage = builderMessage;
    this.step = facts.step;
    this.dockerfileLine = facts.dockerfileLine;
    this.exitCode = facts.exitCode;
    this.logTail = facts.logTail;
  }
}

/** The build's stream ended without an image and without an error. Code `image_build_cut_short`. */
export class ImageBuildCutShortError extends DockerError {
  static {
    markError(this, "ImageBuildCutShortError");
  }

  constructor(cause?: unknown) {
    super(
      "The engine ended the build's stream before it named an image or an error, so the build counts as failed. " +
        "See the engine's own log (it may have restarted), then build again.",
      { code: "image_build_cut_short", cause },
    );
  }
}

/** The build is done, but its cache could not be kept in the folder that `cacheTo` names. Code `build_cache_failed`. */
export class BuildCacheError extends DockerError {
  static {
    markError(this, "BuildCacheError");
  }

  /** The folder, as it was given. */
  readonly dest: string;

  constructor(dest: string, reason: string, cause?: unknown) {
    super(
      `The build is done, but its cache could not be kept in ${dest}: ${reason}. See that the folder can be written to, and ` +
        'build again; with the attribute "ignore-error": "true" of cacheTo, a build does without.',
      { code: "build_cache_failed", cause },
    );
    this.dest = dest;
  }
}

/** The build was stopped by its caller. Code `image_build_cancelled`. */
export class ImageBuildCancelledError extends DockerError {
  static {
    markError(this, "ImageBuildCancelledError");
  }

  constructor(cause?: unknown) {
    super("The image build was cancelled.", { code: "image_build_cancelled", cause });
  }
}

/** The build took longer than it was given. Code `image_build_timeout`. */
export class ImageBuildTimeoutError extends DockerError {
  static {
    markError(this, "ImageBuildTimeoutError");
  }

  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    super(`The image build was stopped: it did not end within ${timeoutMs} ms. Give it more time (timeoutMs).`, {
      code: "image_build_timeout",
    });
    this.timeoutMs = timeoutMs;
  }
}
