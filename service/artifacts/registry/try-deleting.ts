import { randomBytes } from "node:crypto";
import type { Repository } from "./copy-image.ts";
import { RegistryError } from "./registry-errors.ts";
import { smallestImage } from "./smallest-image.ts";

/**
 * Stores an image without a file in a repository and deletes it again, to see whether the registry lets this service.
 *
 * @returns `undefined` when it does, else what it says
 * @throws RegistryError when nothing can be stored; RegistryAwayError
 */
export async function tryDeleting(place: Repository, signal: AbortSignal): Promise<RegistryError | undefined> {
  const { registry, repository } = place;
  // Each has a digest of its own: nobody else's is deleted.
  const annotations = { "dev.nullspace.local.trial": randomBytes(8).toString("hex") };
  const manifest = await smallestImage(place, annotations, signal);
  await registry.putManifest(repository, manifest.digest, manifest, signal);
  try {
    await registry.deleteManifest(repository, manifest.digest, signal);
    return undefined;
  } catch (error) {
    if (error instanceof RegistryError) return error;
    throw error;
  }
}
