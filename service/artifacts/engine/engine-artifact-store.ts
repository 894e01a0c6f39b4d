import {
  EngineConflictError,
  EngineNotFoundError,
  isEngineAway,
  type DockerEngine,
  type ImageInspect,
} from "pulumi-nullspace/docker";
import { engineUnavailable } from "../../drivers/docker/engine-away.ts";
import { INSTANCE_LABEL } from "../../labels.ts";
import type { ArtifactStore, ImageDescription, NamedImage } from "../../templates/artifact-store.ts";
import { describeImage } from "../describe-image.ts";
import type { ImageSettings } from "../oci-metadata.ts";

const REPOSITORY = "nullspace-local";
const NAME = new RegExp(`^(${REPOSITORY}/(tmpl_[a-z0-9]+)):latest$`);

/** Images on Docker Engine, by tags. */
export class EngineArtifactStore implements ArtifactStore {
  readonly #engine: DockerEngine;
  readonly #serviceId: string;

  /** @param serviceId the label value that tells what this service built from what others did */
  constructor(engine: DockerEngine, serviceId: string) {
    this.#engine = engine;
    this.#serviceId = serviceId;
  }

  nameOf(templateId: string): string {
    return `${REPOSITORY}/${templateId}`;
  }

  async keep(imageId: string, templateId: string, signal?: AbortSignal): Promise<boolean> {
    try {
      await this.#engine.images.tag(imageId, this.nameOf(templateId), { signal });
      return true;
    } catch (error) {
      if (error instanceof EngineNotFoundError) return false;
      return rethrow(error);
    }
  }

  async remove(imageRef: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#engine.images.remove(imageRef, { signal });
      return true;
    } catch (error) {
      if (error instanceof EngineNotFoundError) return true;
      // A machine still runs on it.
      if (error instanceof EngineConflictError) return false;
      return rethrow(error);
    }
  }

  async describe(image: string, signal?: AbortSignal): Promise<ImageDescription | undefined> {
    try {
      return describe(await this.#engine.images.inspect(image, { signal }));
    } catch (error) {
      if (error instanceof EngineNotFoundError) return undefined;
      return rethrow(error);
    }
  }

  async fetch(image: string, signal?: AbortSignal): Promise<ImageDescription> {
    try {
      await this.#engine.images.pull(image, { ...(signal && { signal }) });
      return describe(await this.#engine.images.inspect(image, { signal }));
    } catch (error) {
      return rethrow(error);
    }
  }

  async list(signal: AbortSignal): Promise<NamedImage[]> {
    const images = await this.#engine.images.list({ signal }).catch(rethrow);
    return images.flatMap(({ Id, RepoTags, Labels, Size }) =>
      (RepoTags ?? []).flatMap((name) => {
        const [, imageRef, templateId] = NAME.exec(name) ?? [];
        if (imageRef === undefined || templateId === undefined) return [];
        return [
          { templateId, imageRef, imageId: Id, isOwn: Labels?.[INSTANCE_LABEL] === this.#serviceId, sizeBytes: Size },
        ];
      }),
    );
  }

  async *watch({ signal, onOpen }: { signal: AbortSignal; onOpen: () => void }): AsyncGenerator<void> {
    const filters = { type: ["image"], event: ["delete", "untag"] };
    try {
      for await (const _ of this.#engine.events({ filters, signal, onOpen })) yield;
    } catch (error) {
      rethrow(error);
    }
  }
}

function describe({ Id, Config }: ImageInspect): ImageDescription {
  return describeImage(Id, (Config ?? {}) as ImageSettings);
}

function rethrow(error: unknown): never {
  throw isEngineAway(error) ? engineUnavailable(error) : error;
}
