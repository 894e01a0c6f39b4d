import {
  EngineConflictError,
  EngineError,
  EngineNotFoundError,
  type DockerEngine,
  type RegistryAuth,
} from "pulumi-nullspace/docker";
import { MachineRefusedError } from "../../fleet/guests/driver-errors.ts";

/** Gives credentials for the registry of the images, if there are any. */
export type PullCredentials = (signal?: AbortSignal) => Promise<RegistryAuth | undefined>;

/** An image of a registry, by its digest. */
const PULLABLE = /^[^@]+\/[^@]+@sha256:[0-9a-f]{64}$/;

/** Fetches images that an engine lacks from the registry of the artifacts: each once, however many machines wait for it. */
export class ImagePulls {
  readonly #engine: DockerEngine;
  readonly #credentials: PullCredentials;
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(engine: DockerEngine, credentials: PullCredentials) {
    this.#engine = engine;
    this.#credentials = credentials;
  }

  /**
   * Fetches an image.
   *
   * @param signal ends the wait, and not the pull: others may wait for it
   * @returns `false` when no registry has it
   * @throws MachineRefusedError when the engine cannot fetch it now
   */
  async pull(imageId: string, signal?: AbortSignal): Promise<boolean> {
    if (!PULLABLE.test(imageId)) return false;
    let pull = this.#underWay.get(imageId);
    if (pull === undefined) {
      pull = this.#pull(imageId).finally(() => this.#underWay.delete(imageId));
      this.#underWay.set(imageId, pull);
    }
    try {
      await (signal === undefined ? pull : Promise.race([pull, aborted(signal)]));
      return true;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof EngineNotFoundError) return false;
      if (!(error instanceof EngineError)) throw error;
      // Engines pass the registry's words on, and have no code for it.
      if (/manifest unknown|not found/i.test(error.engineMessage)) return false;
      throw new MachineRefusedError(`its image ${imageId} could not be fetched: ${error.engineMessage}`, {
        isImpossible: false,
        mayPass: true,
        cause: error,
      });
    }
  }

  /** Takes an image away that the registry has no more, unless something runs on it. */
  async forget(imageId: string): Promise<void> {
    if (!PULLABLE.test(imageId)) return;
    try {
      await this.#engine.images.remove(imageId);
    } catch (error) {
      if (error instanceof EngineNotFoundError || error instanceof EngineConflictError) return;
      throw error;
    }
  }

  async #pull(imageId: string): Promise<void> {
    const auth = await this.#credentials();
    await this.#engine.images.pull(imageId, { ...(auth !== undefined && { auth }) });
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}
