import type { OciMetadata, Readiness } from "pulumi-nullspace/wire";
import type { ArtifactRuntime } from "./artifact-runtime.ts";
import type { ImageDescription } from "./artifact-store.ts";

/**
 * What an imported image says of its machines, beneath what the build asks for: the names of its variables, its user and
 * working directory, and what it starts as the start command.
 */
export function overImage(runtime: ArtifactRuntime, image: ImageDescription): ArtifactRuntime {
  const { user, workdir, command } = image;
  return {
    ...(user !== undefined && { user }),
    ...(workdir !== undefined && { workdir }),
    ...(command !== undefined && runtime.startCmd === undefined && { startCmd: command, mayStartCmdEnd: true }),
    ...runtime,
    imageEnvKeys: [...new Set([...runtime.imageEnvKeys, ...image.envKeys])],
  };
}

/**
 * The image's health check as the readiness check of a template that has none.
 *
 * @returns `undefined` where that is not safe: nothing is started that could become healthy, or the image has no check
 */
export function mappedReadiness(runtime: ArtifactRuntime, image: ImageDescription): Readiness | undefined {
  return runtime.readiness === undefined && runtime.startCmd !== undefined ? image.healthCheck : undefined;
}

/** The image's metadata, with the readiness check that its health check has become, if it has. */
export function metadataWith(image: ImageDescription, mapped: Readiness | undefined): OciMetadata {
  const { metadata } = image;
  if (mapped === undefined || metadata.healthcheck == null) return metadata;
  return { ...metadata, healthcheck: { ...metadata.healthcheck, mapped_readiness: mapped } };
}
