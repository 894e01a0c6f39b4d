import { answerTimeout } from "pulumi-nullspace/concurrency";
import { BuildKit, type BuildKitDaemon } from "pulumi-nullspace/docker";
import { asError, EngineUnavailableError } from "../../errors.ts";
import { rankBuilders } from "./rank-builders.ts";

/** A builder that does not say what it is within this time is passed over. */
const ANSWER_MS = 5_000;
/** Listing and pruning go through the whole cache. */
const CACHE_MS = 120_000;

/** How a builder answers. */
export interface BuilderState {
  readonly address: string;
  /** Absent: it does not answer. */
  readonly version?: string;
  readonly problem?: string;
}

/** How much a builder has of earlier builds. */
export interface BuilderDisk {
  readonly bytes: number;
  /** Of them nothing that is being built uses. */
  readonly spareBytes: number;
}

/** The BuildKit daemons that a service builds on. */
export class BuilderFleet {
  readonly builders: readonly BuildKitDaemon[];

  constructor(builders: readonly BuildKitDaemon[]) {
    this.builders = builders;
  }

  /** Asks every builder what it is. */
  async states(signal: AbortSignal): Promise<BuilderState[]> {
    return Promise.all(
      this.builders.map(async (builder) => {
        const { address } = builder;
        try {
          return { address, version: await this.#version(builder, signal) };
        } catch (error) {
          signal.throwIfAborted();
          return { address, problem: asError(error).message };
        }
      }),
    );
  }

  /** @throws EngineUnavailableError when no builder answers */
  async checkAvailable(signal: AbortSignal): Promise<void> {
    const states = await this.states(signal);
    if (states.every(({ problem }) => problem !== undefined)) {
      throw noBuilder(states.flatMap(({ problem }) => problem ?? []));
    }
  }

  /** Builders for the builds of a key, each as it is wanted and only when it answers. @throws EngineUnavailableError after the last one */
  async *answering(
    key: string,
    signal: AbortSignal,
    onPassedOver: (address: string, reason: string) => void,
  ): AsyncGenerator<BuildKitDaemon> {
    const reasons: string[] = [];
    for (const builder of rankBuilders(this.builders, key)) {
      try {
        await this.#version(builder, signal);
      } catch (error) {
        signal.throwIfAborted();
        const { message } = asError(error);
        reasons.push(message);
        onPassedOver(builder.address, message);
        continue;
      }
      yield builder;
      reasons.push(`The connection to the builder at ${builder.address} broke.`);
    }
    throw noBuilder(reasons);
  }

  /** What the builders that answer have, together. @returns `undefined` when none answers */
  async disk(signal: AbortSignal): Promise<BuilderDisk | undefined> {
    const disks = await Promise.all(this.builders.map((builder) => this.diskOf(builder, signal)));
    const known = disks.filter((disk) => disk !== undefined);
    if (known.length === 0) return undefined;
    return {
      bytes: known.reduce((sum, { bytes }) => sum + bytes, 0),
      spareBytes: known.reduce((sum, { spareBytes }) => sum + spareBytes, 0),
    };
  }

  /** @returns `undefined` when the builder does not answer */
  async diskOf(builder: BuildKitDaemon, signal: AbortSignal): Promise<BuilderDisk | undefined> {
    using timeout = answerTimeout(CACHE_MS);
    try {
      const records = await new BuildKit(builder).diskUsage({ signal: AbortSignal.any([signal, timeout.signal]) });
      const sum = (some: typeof records) => some.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);
      return { bytes: sum(records), spareBytes: sum(records.filter(({ isInUse }) => !isInUse)) };
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  }

  /**
   * Takes away of every builder what was used longest ago, until it has `keepBytes`. One that does not answer is passed over.
   *
   * @throws the error of a builder when none did it
   */
  async prune(keepBytes: number, signal: AbortSignal): Promise<void> {
    const outcomes = await Promise.allSettled(
      this.builders.map((builder) => {
        using timeout = answerTimeout(CACHE_MS);
        const either = AbortSignal.any([signal, timeout.signal]);
        return new BuildKit(builder).prune({ all: true, maxUsedSpace: keepBytes, reservedSpace: 0, signal: either });
      }),
    );
    const failed = outcomes.filter((outcome) => outcome.status === "rejected");
    if (failed.length === outcomes.length) throw asError(failed[0]?.reason);
  }

  async #version(builder: BuildKitDaemon, signal: AbortSignal): Promise<string> {
    using timeout = answerTimeout(ANSWER_MS);
    try {
      return (await new BuildKit(builder).info({ signal: AbortSignal.any([signal, timeout.signal]) })).version;
    } catch (error) {
      signal.throwIfAborted();
      if (!timeout.signal.aborted) throw error;
      throw new Error(`The builder at ${builder.address} did not answer within ${ANSWER_MS / 1_000} s.`, {
        cause: error,
      });
    }
  }
}

function noBuilder(reasons: readonly string[]): EngineUnavailableError {
  return new EngineUnavailableError(`No builder can be used. ${reasons.join(" ")}`, {
    suggestedAction:
      "Start a builder, or see why this service does not reach it; waiting builds then continue on their own.",
  });
}
