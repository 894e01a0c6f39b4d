import { setTimeout as sleep } from "node:timers/promises";
import { readDockerfile } from "../../../sdk/dockerfile/index.ts";
import type {
  BuildExecutor,
  BuildJob,
  BuildOrder,
  BuildReporter,
  MadeImage,
} from "../../../service/builds/build-executor.ts";
import { BuildFailure } from "../../../service/builds/build-failure.ts";
import { EngineUnavailableError } from "../../../service/errors.ts";
import type { MemoryArtifacts } from "./memory-artifacts.ts";

/** A run of the builder, which a test may end as it likes. */
export interface BegunBuild {
  readonly job: BuildOrder;
  readonly report: BuildReporter;
  readonly signal: AbortSignal;
  /** Ends a build that is held. */
  readonly end: (outcome: MadeImage | Error) => void;
}

/** What a `RUN` of a file comes to here; anything else succeeds at once. */
const SCRIPT = /(?:sleep (\d+))?(?:exit (\d+))?$/;

/**
 * A builder without an engine: for what a real one cannot be made to do, and for builds that take no time. It makes what a
 * real one makes of the few instructions that it knows, which the contract of builders proves.
 */
export class MemoryExecutor implements BuildExecutor {
  readonly #artifacts: MemoryArtifacts;
  /** Runs that have begun, in their order. */
  readonly begun: BegunBuild[] = [];
  /** Names of images that are there or in a registry; `undefined`: all. */
  bases: ReadonlySet<string> | undefined;
  /** Builds wait for a test to end them. */
  isHeld = false;
  isAway = false;

  constructor(artifacts: MemoryArtifacts) {
    this.#artifacts = artifacts;
  }

  async checkAvailable(): Promise<void> {
    if (this.isAway) throw new EngineUnavailableError("Nothing answers.");
  }

  async haveBase(_job: BuildJob, baseImage: string): Promise<string> {
    await this.checkAvailable();
    if (this.bases?.has(baseImage) !== false) return "";
    throw new BuildFailure(`There is no image ${baseImage} in memory.`, {
      phase: "prepare",
      reason: "base_image_unavailable",
      suggestedAction: "Choose another base.",
    });
  }

  /** Names may lead elsewhere at each build. */
  async stableImageId(): Promise<undefined> {
    return undefined;
  }

  async build(job: BuildOrder, report: BuildReporter, signal: AbortSignal): Promise<MadeImage> {
    signal.throwIfAborted();
    const told = Promise.withResolvers<MadeImage>();
    const end = (outcome: MadeImage | Error) =>
      outcome instanceof Error ? told.reject(outcome) : told.resolve(outcome);
    this.begun.push({ job, report, signal, end });
    if (!this.isHeld) return this.#make(job, report, signal);
    signal.addEventListener("abort", () => told.reject(signal.reason as Error), { once: true });
    return told.promise;
  }

  async #make({ buildId, imageRef, input }: BuildOrder, report: BuildReporter, signal: AbortSignal) {
    let [command, layers] = ["", 0];
    for (const { keyword, argument, line } of readDockerfile(input.text).instructions) {
      if (keyword === "CMD") command = (JSON.parse(argument) as string[]).join(" ");
      if (keyword !== "RUN") continue;
      report({ kind: "message", level: "info", phase: "step", message: `RUN ${argument}` });
      layers += 1;
      const [, seconds, exitCode] = SCRIPT.exec(argument) ?? [];
      if (seconds !== undefined) await interruptible(Number(seconds) * 1000, signal);
      if (exitCode !== undefined && exitCode !== "0") throw stepFailed(argument, Number(exitCode), line);
    }
    signal.throwIfAborted();
    const imageId = `sha256:${buildId}`;
    this.#artifacts.images.set(imageId, { isOwn: true, ...(command !== "" && { command }) });
    this.#artifacts.names.set(imageRef, imageId);
    return { imageId, cache: { layer_hits: 0, layer_misses: layers, layer_bypasses: 0, layer_stores: layers } };
  }
}

/** Ends with the signal's own reason, as a builder does. */
async function interruptible(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}

function stepFailed(script: string, exitCode: number, line: number): BuildFailure {
  return new BuildFailure(`\`${script}\` ended with exit code ${exitCode}.`, {
    phase: "build_step",
    reason: "command_failed",
    suggestedAction: "Correct the step.",
    details: { exit_code: exitCode, dockerfile_line: line },
  });
}
