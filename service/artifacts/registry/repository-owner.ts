import { NullspaceError } from "pulumi-nullspace/sdk";
import * as z from "zod";
import { StartupError } from "../../errors.ts";
import { INSTANCE_LABEL } from "../../labels.ts";
import type { Repository } from "./copy-image.ts";
import { smallestImage } from "./smallest-image.ts";

/** Its manifest says whose the repository is. Not the name of an artifact, nor of a cache. */
const OWNER_TAG = "nullspace-owner";
/** A start waits so long for a registry, which may be away: then the first use finds out. */
const START_MS = 5_000;

const Owned = z.looseObject({ annotations: z.looseObject({ [INSTANCE_LABEL]: z.string() }) });

/** The repository is another service's. Code `registry_taken`. */
export class RepositoryTakenError extends NullspaceError {
  /** What to do about it. */
  readonly advice: string;

  constructor(repository: string, owner: string) {
    super(
      `The repository ${repository} belongs to another service (its id is ${owner}), and two would delete each other's images.`,
      { code: "registry_taken" },
    );
    this.advice =
      "Give this service a repository of its own (--registry). Where the other one is gone for good, start this one with --registry-take-over, once.";
  }
}

/** What {@link RepositoryOwner} needs. */
export interface OwnerOptions extends Repository {
  readonly instanceId: string;
  /**
   * The service that it belongs to is gone: it becomes this one's.
   *
   * @default false
   */
  readonly takeOver?: boolean | undefined;
}

/**
 * Sees that a repository is one service's alone, as an image goes with the last name that this service counts. The first one marks it
 * with its id; of two that do so at the same moment one sees it at its next look.
 */
export class RepositoryOwner {
  readonly #options: OwnerOptions;
  #mayTakeOver: boolean;
  #isHeld = false;

  constructor(options: OwnerOptions) {
    this.#options = options;
    this.#mayTakeOver = options.takeOver === true;
  }

  /** As {@link look}, once. @throws RepositoryTakenError; RegistryError, RegistryAwayError */
  async hold(signal?: AbortSignal): Promise<void> {
    if (!this.#isHeld) await this.look(signal);
  }

  /** Looks whose the repository is, and marks one that is nobody's. @throws RepositoryTakenError; RegistryError, RegistryAwayError */
  async look(signal?: AbortSignal): Promise<void> {
    const { registry, repository, instanceId } = this.#options;
    let owner = await readOwner(this.#options, signal);
    if (owner === undefined || (owner !== instanceId && this.#mayTakeOver)) {
      await this.#mark(signal);
      // Another one may have marked it meanwhile.
      owner = (await readOwner(this.#options, signal)) ?? instanceId;
    }
    // Once: whoever takes it from this service in turn may keep it.
    this.#mayTakeOver = false;
    this.#isHeld = owner === instanceId;
    if (!this.#isHeld) throw new RepositoryTakenError(`${registry.host}/${repository}`, owner);
  }

  /** As {@link look}, at a start: a registry that is away is no reason not to come up. @throws StartupError `registry_taken` */
  async lookAtStart(): Promise<void> {
    try {
      await this.look(AbortSignal.timeout(START_MS));
    } catch (error) {
      if (!(error instanceof RepositoryTakenError)) return;
      throw new StartupError(`${error.message} ${error.advice}`, error.code, error);
    }
  }

  /** Whose the repository is. @throws RegistryError, RegistryAwayError */
  async whose(signal?: AbortSignal): Promise<"own" | "other" | "nobody's"> {
    const owner = await readOwner(this.#options, signal);
    return owner === undefined ? "nobody's" : owner === this.#options.instanceId ? "own" : "other";
  }

  /** Takes the mark away, if it is this service's. @returns whether it was */
  async giveUp(signal?: AbortSignal): Promise<boolean> {
    const { registry, repository, instanceId } = this.#options;
    if ((await readOwner(this.#options, signal)) !== instanceId) return false;
    const digest = await registry.digest(repository, OWNER_TAG, signal);
    return digest !== undefined && registry.deleteManifest(repository, digest, signal);
  }

  async #mark(signal: AbortSignal | undefined): Promise<void> {
    const { registry, repository, instanceId } = this.#options;
    const manifest = await smallestImage(this.#options, { [INSTANCE_LABEL]: instanceId }, signal);
    await registry.putManifest(repository, OWNER_TAG, manifest, signal);
  }
}

/** The id of the service that a repository belongs to. @returns `undefined` when it is nobody's */
async function readOwner({ registry, repository }: Repository, signal?: AbortSignal): Promise<string | undefined> {
  const manifest = await registry.manifest(repository, OWNER_TAG, signal);
  if (manifest === undefined) return undefined;
  const { data } = Owned.safeParse(parsed(manifest.bytes));
  return data === undefined ? "unknown" : String(data.annotations[INSTANCE_LABEL]);
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined; // Whatever it is, it is not this service's.
  }
}
