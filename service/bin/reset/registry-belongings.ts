import { Semaphore } from "pulumi-nullspace/concurrency";
import type { Registries } from "../../artifacts/registry/registries.ts";
import { RegistryArtifactStore } from "../../artifacts/registry/registry-artifact-store.ts";
import { RegistryError } from "../../artifacts/registry/registry-errors.ts";
import { ownRegistryFailure } from "../../artifacts/registry/registry-unavailable.ts";
import { RepositoryOwner, RepositoryTakenError } from "../../artifacts/registry/repository-owner.ts";
import { cacheTagPrefix } from "../../builders/buildkit/cache-tag.ts";
import { Database } from "../../store/database.ts";
import { inUnits } from "../doctor/in-units.ts";
import { AT_ONCE, counted, type Belongings } from "./belongings.ts";
import type { HeldFolder } from "./held-folder.ts";

/** The images and caches of a service in its repository. */
export async function registryBelongings(
  registries: Registries,
  { instanceId, artifacts }: Pick<HeldFolder, "instanceId" | "artifacts">,
  signal: AbortSignal,
): Promise<Belongings> {
  const { own, ownClient } = registries;
  const name = `${own.host}/${own.repository}`;
  const owner = new RepositoryOwner({ registry: ownClient, repository: own.repository, instanceId });
  // All names go, so that none needs to be counted.
  const db = new Database(":memory:");
  const store = new RegistryArtifactStore({ registries, db, instanceId });
  const ask = <T>(asked: Promise<T>) => asked.catch((error: unknown) => Promise.reject(ownRegistryFailure(error)));
  const listed = async (during: AbortSignal) =>
    (await store.list(during)).filter(({ isOwn, templateId }) => isOwn || artifacts.has(templateId));
  const caches = async (during: AbortSignal) =>
    (await ask(ownClient.tags(own.repository, during))).filter((tag) => tag.startsWith(cacheTagPrefix(instanceId)));

  if ((await ask(owner.whose(signal))) === "other") {
    // A reset takes away what is this service's, and nothing of who came after it.
    const stays = `what is in the repository ${name}, which belongs to another service`;
    return { lines: [], remove: async () => [stays] };
  }
  const images = await listed(signal);
  const tags = await caches(signal);
  const bytes = images.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const caching = tags.length === 0 ? "" : `, and ${counted(tags.length, "cache")} of builds`;
  const size = `${inUnits(bytes)}, layers that they share counted each time`;
  const isEmpty = images.length + tags.length === 0;
  return {
    lines: isEmpty ? [] : [`${counted(images.length, "image")} in ${name} (${size})${caching}`],
    async remove(during) {
      const slots = new Semaphore(AT_ONCE);
      await Promise.all(images.map(({ imageRef }) => slots.run(during, () => store.remove(imageRef, during))));
      for (const tag of tags) {
        const digest = await ask(ownClient.digest(own.repository, tag, during));
        if (digest !== undefined) await ask(unlessKept(ownClient.deleteManifest(own.repository, digest, during)));
      }
      const left = (await listed(during)).length + (await caches(during)).length;
      await ask(unlessKept(owner.giveUp(during)));
      return left === 0 ? [] : [`what is in the repository ${name}, as the registry deletes nothing`];
    },
  };
}

/** A registry may be told to delete nothing (405). */
async function unlessKept(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (error instanceof RepositoryTakenError || (error instanceof RegistryError && error.status === 405)) return;
    throw error;
  }
}
