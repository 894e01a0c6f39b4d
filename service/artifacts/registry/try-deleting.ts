import { randomBytes } from "node:crypto";
import type { Repository } from "./copy-image.ts";
import { digestOf } from "./registry-client.ts";
import { RegistryError } from "./registry-errors.ts";

const MEDIA_TYPES = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  /** OCI Image Specification 1.1, "Guidelines for Artifact Usage". */
  empty: "application/vnd.oci.empty.v1+json",
};

/**
 * Stores a manifest of two bytes of content in a repository and deletes it again, to see whether the registry lets this service.
 *
 * @returns `undefined` when it does, else what it says
 * @throws RegistryError when nothing can be stored; RegistryAwayError
 */
export async function tryDeleting(
  { registry, repository }: Repository,
  signal: AbortSignal,
): Promise<RegistryError | undefined> {
  const content = Buffer.from("{}");
  const empty = { mediaType: MEDIA_TYPES.empty, digest: digestOf(content), size: content.length };
  await registry.putBlob(repository, empty, async () => content, { signal });
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.manifest,
      artifactType: "application/vnd.nullspace.trial",
      config: empty,
      layers: [empty],
      // Each has a digest of its own: nobody else's is deleted.
      annotations: { "dev.nullspace.local.trial": randomBytes(8).toString("hex") },
    }),
  );
  const digest = digestOf(bytes);
  await registry.putManifest(repository, digest, { mediaType: MEDIA_TYPES.manifest, bytes }, signal);
  try {
    await registry.deleteManifest(repository, digest, signal);
    return undefined;
  } catch (error) {
    if (error instanceof RegistryError) return error;
    throw error;
  }
}
