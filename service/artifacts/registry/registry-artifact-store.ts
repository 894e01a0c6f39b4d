import { pauseUnless, Semaphore } from "pulumi-nullspace/concurrency";
import { parseImageRef } from "pulumi-nullspace/docker";
import { now } from "../../clock.ts";
import { INSTANCE_LABEL } from "../../labels.ts";
import { isImageWanted } from "../../store/builds.ts";
import type { Database } from "../../store/database.ts";
import {
  countRegistryNames,
  forgetRegistryDigest,
  forgetRegistryImage,
  giveUpRegistryImage,
  putRegistryImage,
  registryImage,
  registryTemplateIds,
} from "../../store/registry-images.ts";
import type { ArtifactStore, ImageDescription, NamedImage } from "../../templates/artifact-store.ts";
import { describeImage } from "../describe-image.ts";
import { copyImage } from "./copy-image.ts";
import { readImage, type RegistryImage } from "./image-manifest.ts";
import type { Registries } from "./registries.ts";
import { RegistryError } from "./registry-errors.ts";
import type { RepositoryOwner } from "./repository-owner.ts";
import { ownRegistryFailure } from "./registry-unavailable.ts";

const ARTIFACT_TAG = /^tmpl_[a-z0-9]+$/;

/** A registry tells nothing by itself: so often it is asked which names it has. */
const POLL_MS = 30_000;
/** Names that are looked at at once. */
const MOST_LOOKS = 8;
/** Images whose facts are remembered: those that this service did not record itself. */
const MOST_REMEMBERED = 2_000;

/** What {@link RegistryArtifactStore} needs. */
export interface RegistryStoreOptions {
  readonly registries: Registries;
  readonly db: Database;
  /** The label value that tells what this service built from what others did. */
  readonly instanceId: string;
  /** Sees that the repository is this service's before anything is changed in it. Absent: nothing will be. */
  readonly owner?: RepositoryOwner | undefined;
  /** Is told of images that are gone, by id: who has fetched one has no more use for it. */
  readonly onGone?: ((imageId: string) => void) | undefined;
  /** How often the registry is asked which names it has. Default 30 s. */
  readonly pollMs?: number;
}

/**
 * Images in one repository of an OCI registry: a tag for each artifact, and pulled by digest. A registry deletes a manifest with
 * all of its tags, whoever needs them, so that references are counted in the store of this service: an image is deleted with its
 * last name, and until then a name is taken away only where the registry can do that alone.
 */
export class RegistryArtifactStore implements ArtifactStore {
  readonly #options: RegistryStoreOptions;
  readonly #prefix: string;
  /** One at a time gives an image a name or takes one away: the last name must not go while another one comes. */
  readonly #changes = new Semaphore(1);
  readonly #remembered = new Map<string, Pick<NamedImage, "isOwn" | "sizeBytes">>();

  constructor(options: RegistryStoreOptions) {
    this.#options = options;
    const { host, repository } = options.registries.own;
    this.#prefix = `${host}/${repository}`;
  }

  nameOf(templateId: string): string {
    return `${this.#prefix}:${templateId}`;
  }

  /** What machines are started from. */
  idOf(manifestDigest: string): string {
    return `${this.#prefix}@${manifestDigest}`;
  }

  async keep(imageId: string, templateId: string, signal?: AbortSignal): Promise<boolean> {
    const reference = this.#reference(imageId);
    if (reference === undefined) return false;
    await this.#hold(signal);
    return this.#changes.run(signal, async () => {
      const image = await this.#read(reference, signal);
      const manifest = image && (await this.#ask((registry, path) => registry.manifest(path, image.digest, signal)));
      if (image === undefined || manifest === undefined) return false;
      const { db } = this.#options;
      const before = registryImage(db, templateId);
      // Counted before it is there: what is being deleted at this moment is not given a name, and nothing is deleted that has one.
      putRegistryImage(db, {
        templateId,
        imageRef: this.nameOf(templateId),
        manifestDigest: image.digest,
        configDigest: image.configDigest,
        sizeBytes: image.sizeBytes,
        givenUpAt: null,
      });
      try {
        await this.#ask((registry, path) => registry.putManifest(path, templateId, manifest, signal));
      } catch (error) {
        if (before === undefined) forgetRegistryImage(db, templateId);
        else putRegistryImage(db, before);
        throw error;
      }
      return true;
    });
  }

  async remove(imageRef: string, signal: AbortSignal): Promise<boolean> {
    const tag = this.#reference(imageRef);
    if (tag === undefined) return true;
    await this.#hold(signal);
    await this.#changes.run(signal, () => this.#removeName(tag, signal));
    return true;
  }

  async describe(image: string, signal?: AbortSignal): Promise<ImageDescription | undefined> {
    const reference = this.#reference(image);
    const found = reference === undefined ? undefined : await this.#read(reference, signal);
    return found && this.#described(found);
  }

  async fetch(image: string, signal?: AbortSignal): Promise<ImageDescription> {
    const { registries, instanceId } = this.#options;
    const { registry: host, repository, tag, digest } = parseImageRef(image);
    const from = { registry: registries.client(host), repository };
    const found = await readImage(from.registry, repository, digest ?? tag ?? "latest", { signal });
    if (found === undefined) {
      throw new RegistryError(`give ${image}`, { host, status: 404, said: "there is no such image for this platform" });
    }
    await this.#hold(signal);
    const labels = { [INSTANCE_LABEL]: instanceId };
    const copied = await this.#ask((registry, path) =>
      copyImage(found, from, { registry, repository: path }, labels, signal),
    );
    const copy = await this.#read(copied, signal);
    if (copy === undefined) throw new Error(`The copy of ${image} in the registry is gone.`);
    return this.#described(copy);
  }

  async list(signal: AbortSignal): Promise<NamedImage[]> {
    const looks = new Semaphore(MOST_LOOKS);
    const tags = (await this.#changes.run(signal, () => this.#tagsThatCount(signal))).filter((tag) =>
      ARTIFACT_TAG.test(tag),
    );
    const images = await Promise.all(tags.map((tag) => looks.run(signal, () => this.#look(tag, signal))));
    return images.filter((image) => image !== undefined);
  }

  /** Sees that the registry answers this service, and that the repository is its own. @throws EngineUnavailableError */
  async checkAvailable(signal: AbortSignal): Promise<void> {
    await this.#ask((registry) => registry.ping(signal));
    await this.#ask(async () => this.#options.owner?.look(signal));
  }

  /** Compares the names that there are, again and again: a registry tells nothing by itself. */
  async *watch({ signal, onOpen }: { signal: AbortSignal; onOpen: () => void }): AsyncGenerator<void> {
    let before = new Set(await this.#tags(signal));
    onOpen();
    while (await pauseUnless(this.#options.pollMs ?? POLL_MS, signal)) {
      await this.#ask(async () => this.#options.owner?.look(signal));
      const after = new Set(await this.#tags(signal));
      const isSomeGone = [...before].some((tag) => !after.has(tag));
      before = after;
      if (isSomeGone) yield;
    }
  }

  /** All tags. A name that was counted by a service that ended before the registry had it counts no more, or its image would stay. */
  async #tagsThatCount(signal: AbortSignal): Promise<string[]> {
    const { db } = this.#options;
    const tags = await this.#tags(signal);
    const there = new Set(tags);
    for (const id of registryTemplateIds(db)) {
      if (!there.has(id) && !isImageWanted(db, id)) forgetRegistryImage(db, id);
    }
    return tags;
  }

  async #removeName(tag: string, signal: AbortSignal): Promise<void> {
    const { db, onGone } = this.#options;
    const digest =
      registryImage(db, tag)?.manifestDigest ??
      (await this.#ask((registry, path) => registry.digest(path, tag, signal)));
    if (digest === undefined) return;
    if (countRegistryNames(db, digest, tag) > 0) {
      giveUpRegistryImage(db, tag, now());
      if (await this.#delete(tag, signal)) forgetRegistryImage(db, tag);
      return;
    }
    giveUpRegistryImage(db, tag, now());
    if (await this.#delete(digest, signal)) forgetRegistryDigest(db, digest);
    onGone?.(this.idOf(digest));
  }

  /** @returns whether it is gone: a registry may not know how to take away a tag, or be told not to delete at all */
  async #delete(reference: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#ask((registry, path) => registry.deleteManifest(path, reference, signal));
      return true;
    } catch (error) {
      // 405 is for registries that delete nothing; for a tag docker-registry 2 says that it is no digest (400).
      if (error instanceof RegistryError && (error.status === 405 || error.status === 400)) return false;
      throw error;
    }
  }

  async #look(tag: string, signal: AbortSignal): Promise<NamedImage | undefined> {
    const { db } = this.#options;
    const digest = await this.#ask((registry, path) => registry.digest(path, tag, signal));
    if (digest === undefined) return undefined;
    const row = registryImage(db, tag);
    // A name that the registry could not take away alone is none any more, as long as others keep the image.
    if (row !== undefined && row.givenUpAt !== null && countRegistryNames(db, digest) > 0) return undefined;
    const facts =
      row?.manifestDigest === digest
        ? { isOwn: true, sizeBytes: row.sizeBytes }
        : (this.#remembered.get(digest) ?? (await this.#factsOf(digest, signal)));
    return facts && { templateId: tag, imageRef: this.nameOf(tag), imageId: this.idOf(digest), ...facts };
  }

  async #factsOf(digest: string, signal: AbortSignal): Promise<Pick<NamedImage, "isOwn" | "sizeBytes"> | undefined> {
    const image = await this.#read(digest, signal);
    if (image === undefined) return undefined;
    const isOwn = image.config.config?.Labels?.[INSTANCE_LABEL] === this.#options.instanceId;
    if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear();
    const facts = { isOwn, sizeBytes: image.sizeBytes };
    this.#remembered.set(digest, facts);
    return facts;
  }

  #tags(signal: AbortSignal): Promise<string[]> {
    return this.#ask((registry, path) => registry.tags(path, signal));
  }

  #read(reference: string, signal?: AbortSignal): Promise<RegistryImage | undefined> {
    return this.#ask((registry, path) => readImage(registry, path, reference, { signal }));
  }

  #described({ digest, config }: RegistryImage): ImageDescription {
    return describeImage(this.idOf(digest), config.config ?? {});
  }

  /** The tag or the digest of a name in the own repository; `undefined` for a name that is not of it. */
  #reference(image: string): string | undefined {
    if (image.startsWith(`${this.#prefix}@`)) return image.slice(this.#prefix.length + 1);
    if (image.startsWith(`${this.#prefix}:`)) return image.slice(this.#prefix.length + 1);
    return undefined;
  }

  #hold(signal: AbortSignal | undefined): Promise<void> {
    return this.#ask(async () => this.#options.owner?.hold(signal));
  }

  async #ask<T>(ask: (registry: Registries["ownClient"], repository: string) => Promise<T>): Promise<T> {
    const { ownClient, own } = this.#options.registries;
    try {
      return await ask(ownClient, own.repository);
    } catch (error) {
      throw ownRegistryFailure(error);
    }
  }
}
