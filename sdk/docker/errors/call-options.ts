import { markError } from "../../errors.ts";
import { DockerError } from "./docker-error.ts";

/** An option needs a newer Engine API than this engine speaks. Code `api_version_too_old`. */
export class ApiVersionError extends DockerError {
  static {
    markError(this, "ApiVersionError");
  }

  readonly feature: string;
  readonly requiredVersion: string;
  readonly engineVersion: string;

  constructor(feature: string, requiredVersion: string, engineVersion: string) {
    super(
      `${feature} needs Docker Engine API ${requiredVersion} or newer, and this engine speaks ${engineVersion}. ` +
        `Upgrade the engine, or leave ${feature} out.`,
      { code: "api_version_too_old" },
    );
    this.feature = feature;
    this.requiredVersion = requiredVersion;
    this.engineVersion = engineVersion;
  }
}

/** The engine would silently ignore an option, so nothing was sent. Code `unsupported_by_engine`. */
export class UnsupportedByEngineError extends DockerError {
  static {
    markError(this, "UnsupportedByEngineError");
  }

  readonly feature: string;

  constructor(feature: string, message: string) {
    super(message, { code: "unsupported_by_engine" });
    this.feature = feature;
  }
}

/** Options that cannot work, found before anything was sent. Code `invalid_docker_option`. */
export class DockerOptionError extends DockerError {
  static {
    markError(this, "DockerOptionError");
  }

  /** Name of the option at fault. */
  readonly option: string;

  constructor(option: string, message: string, cause?: unknown) {
    super(message, { code: "invalid_docker_option", cause });
    this.option = option;
  }
}

/** Text that is not an image reference. Code `invalid_image_ref`. */
export class ImageRefError extends DockerError {
  static {
    markError(this, "ImageRefError");
  }

  readonly ref: string;

  constructor(ref: string, reason: string) {
    super(`${JSON.stringify(ref)} is not an image reference: ${reason}.`, { code: "invalid_image_ref" });
    this.ref = ref;
  }
}
