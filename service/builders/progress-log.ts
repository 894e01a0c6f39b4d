import type { BuildProgress, BuildStep } from "pulumi-nullspace/docker";
import type { CacheSummary, Step } from "pulumi-nullspace/wire";
import type { BuildReporter } from "../builds/build-executor.ts";
import { describeStep, type RenderedDockerfile } from "../builds/dockerfile/render-dockerfile.ts";

/** `[build 2/5] RUN make` without its number. */
const NUMBER = /^\[[^\]]*\]\s*/;

/** Instructions that make a layer; a base image is no layer of this build, whether it was here or not. */
const MAKES_LAYER = /^(?:RUN|COPY|ADD|WORKDIR)\b/i;

/** What progress is told against. */
export interface ProgressLogOptions {
  report: BuildReporter;
  /** The definition's steps and how they were rendered; absent for a Dockerfile of the user's. */
  declarative?: { steps: readonly Step[]; rendered: RenderedDockerfile };
  /** Whether every cache is bypassed. */
  skipCache: boolean;
}

/** Tells a builder's progress as log entries, and counts which layers came from the cache. */
export class ProgressLog {
  readonly #options: ProgressLogOptions;
  readonly #steps = new Map<string, BuildStep>();
  readonly #layers = { hits: 0, misses: 0, bypasses: 0, stores: 0 };
  #lastStarted: BuildStep | undefined;

  constructor(options: ProgressLogOptions) {
    this.#options = options;
  }

  /** Takes one piece of news. */
  observe(progress: BuildProgress): void {
    const { report } = this.#options;
    switch (progress.kind) {
      case "step":
        this.#step(progress.step);
        break;
      case "log":
        report({
          kind: "message",
          level: "info",
          phase: "step",
          message: progress.text,
          ...this.#position(this.#steps.get(progress.stepId ?? "")),
        });
        break;
      case "warning":
        report({
          kind: "warning",
          level: "warn",
          phase: "step",
          message: [progress.text, ...progress.detail].join("\n"),
          ...this.#position(this.#steps.get(progress.stepId ?? "")),
        });
        break;
      case "status":
      case "aux":
      case "image":
        // Bytes of layers in flight are for progress bars, not for a durable log.
        break;
    }
  }

  /** How many layers were found, made and stored. */
  layers(): Pick<CacheSummary, "layer_hits" | "layer_misses" | "layer_bypasses" | "layer_stores"> {
    const { hits, misses, bypasses, stores } = this.#layers;
    return { layer_hits: hits, layer_misses: misses, layer_bypasses: bypasses, layer_stores: stores };
  }

  /** Step of the definition (from 1) that failed, as far as the builder's report tells. */
  failedStepIndex(): number | undefined {
    for (const step of this.#steps.values()) {
      if (step.state === "failed") return this.#position(step).step_index;
    }
    // The classic builder names no culprit: it is the one that was begun last.
    return this.#lastStarted && this.#position(this.#lastStarted).step_index;
  }

  #step(step: BuildStep): void {
    const before = this.#steps.get(step.id)?.state;
    this.#steps.set(step.id, step);
    if (step.number === undefined) return;
    const { report, skipCache } = this.#options;
    const position = this.#position(step);
    const subject = this.#subject(step, position.step_index);
    if (step.state === "started" && before !== "started") {
      this.#lastStarted = step;
      report({ kind: "message", level: "info", phase: "step", message: subject, ...position });
    } else if (!MAKES_LAYER.test(step.name.replace(NUMBER, ""))) {
      return;
    } else if (step.state === "cached") {
      this.#layers.hits++;
      report({
        kind: "cache",
        level: "info",
        phase: "cache",
        message: `Layer from cache: ${subject}`,
        cache_kind: "layer",
        cache_status: "hit",
        cache_subject: subject,
        ...position,
      });
    } else if (step.state === "completed") {
      if (skipCache) this.#layers.bypasses++;
      else this.#layers.misses++;
      this.#layers.stores++;
      report({
        kind: "cache",
        level: "debug",
        phase: "cache",
        message: `Layer built: ${subject}`,
        cache_kind: "layer",
        cache_status: skipCache ? "bypass" : "miss",
        cache_reason: skipCache ? "whole_build_skip_cache" : "missing_or_incompatible",
        cache_subject: subject,
        ...position,
      });
    }
  }

  #position(step: BuildStep | undefined): { step_index?: number; total_steps?: number } {
    if (step?.number === undefined) return {};
    const { declarative } = this.#options;
    if (declarative === undefined)
      return { step_index: step.number, ...(step.total !== undefined && { total_steps: step.total }) };
    const { rendered, steps } = declarative;
    const index = step.id.startsWith("step-")
      ? rendered.stepOfInstruction.get(step.number)
      : rendered.stepOfCounted.get(step.number);
    return index === undefined ? {} : { step_index: index, total_steps: steps.length };
  }

  #subject(step: BuildStep, index: number | undefined): string {
    const own = index === undefined ? undefined : this.#options.declarative?.steps[index - 1];
    return own === undefined ? step.name.replace(NUMBER, "") : describeStep(own);
  }
}
