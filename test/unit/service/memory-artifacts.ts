import { EventEmitter, on } from "node:events";
import { EngineUnavailableError } from "../../../service/errors.ts";
import type { ArtifactStore, ImageDescription, NamedImage } from "../../../service/templates/artifact-store.ts";

/** Images in memory: for what a real engine cannot be made to do, and to see who is told what. */
export class MemoryArtifacts implements ArtifactStore {
  /** Ids of the images that are there: whether this service built them, their size (default 0), and what they start. */
  readonly images = new Map<string, { isOwn: boolean; sizeBytes?: number; command?: string }>();
  /** Artifacts by name: the image that each is of. */
  readonly names = new Map<string, string>();
  /** Names of images that something runs on. */
  readonly inUse = new Set<string>();
  /** Names that were taken away, in their order. */
  readonly removed: string[] = [];
  /** Names at whose removal the engine fails. */
  readonly broken = new Set<string>();
  isAway = false;
  readonly #events = new EventEmitter().setMaxListeners(0);

  nameOf(templateId: string): string {
    return `nullspace-local/${templateId}`;
  }

  async keep(imageId: string, templateId: string): Promise<boolean> {
    this.#call();
    if (!this.images.has(imageId)) return false;
    this.names.set(this.nameOf(templateId), imageId);
    return true;
  }

  async remove(imageRef: string): Promise<boolean> {
    this.#call();
    if (this.broken.has(imageRef)) throw new Error(`cannot remove ${imageRef}`);
    if (this.inUse.has(imageRef)) return false;
    this.removed.push(imageRef);
    const imageId = this.names.get(imageRef);
    this.names.delete(imageRef);
    if (imageId !== undefined && ![...this.names.values()].includes(imageId)) this.images.delete(imageId);
    this.#events.emit("gone");
    return true;
  }

  async describe(image: string): Promise<ImageDescription | undefined> {
    this.#call();
    const imageId = this.names.get(image) ?? image;
    const found = this.images.get(imageId);
    if (found === undefined) return undefined;
    const { command } = found;
    return { imageId, metadata: {}, envKeys: [], ...(command !== undefined && { command }) };
  }

  async fetch(image: string): Promise<ImageDescription> {
    this.#call();
    throw new Error(`There is no registry with ${image} in memory.`);
  }

  async list(): Promise<NamedImage[]> {
    this.#call();
    return [...this.names].map(([imageRef, imageId]) => ({
      templateId: imageRef.slice(this.nameOf("").length),
      imageRef,
      imageId,
      isOwn: this.images.get(imageId)?.isOwn ?? false,
      sizeBytes: this.images.get(imageId)?.sizeBytes ?? 0,
    }));
  }

  async *watch({ signal, onOpen }: { signal: AbortSignal; onOpen: () => void }): AsyncGenerator<void> {
    this.#call();
    const gone = on(this.#events, "gone", { signal });
    onOpen();
    for await (const _ of gone) yield;
  }

  #call(): void {
    if (this.isAway) throw new EngineUnavailableError("connect ENOENT");
  }
}
