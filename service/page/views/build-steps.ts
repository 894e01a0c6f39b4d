import { setImmediate } from "node:timers/promises";
import { definitionOf, getBuild, isFinal } from "../../builds/build-record.ts";
import { stepsInLog } from "../../store/build-logs.ts";
import type { Database } from "../../store/database.ts";
import { redactorOf, saidText } from "./told-secrets.ts";

/** A step of a build as its log tells it. */
export interface StepLine {
  /** From 1. */
  step: number;
  title: string;
  state: "cached" | "done" | "running" | "failed" | "stopped";
  durationMs: number;
  lines: number;
}

export interface StepList {
  steps: StepLine[];
  total: number | undefined;
}

interface Known {
  from: string;
  to: string;
  title: string;
  lines: number;
  hits: number;
  built: number;
}

/** Entries that are read before others have a turn. */
const READ_STEP = 5_000;

/** Builds whose steps are remembered; the one that was asked for first is forgotten first. */
const MAX_BUILDS = 100;

/** The steps of builds. What a log has said is read once: each look goes on where the last one ended. */
export class BuildSteps {
  readonly #db: Database;
  readonly #read = new Map<string, { next: number; steps: Map<number, Known>; total: number | undefined }>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** @param failedStep step that the failure names */
  async of(buildId: string, failedStep: number | undefined, signal: AbortSignal): Promise<StepList> {
    const build = getBuild(this.#db, buildId);
    const known = this.#read.get(buildId) ?? { next: 0, steps: new Map<number, Known>(), total: undefined };
    this.#read.set(buildId, known);
    if (this.#read.size > MAX_BUILDS) this.#read.delete(this.#read.keys().next().value!);
    while (known.next < build.nextOffset) {
      const to = Math.min(build.nextOffset, known.next + READ_STEP);
      for (const { step, totalSteps, ...slice } of stepsInLog(this.#db, buildId, known.next, to)) {
        const before = known.steps.get(step);
        known.total = totalSteps ?? known.total;
        known.steps.set(step, {
          from: before?.from ?? slice.from,
          title: before?.title ?? slice.title,
          to: slice.to,
          lines: (before?.lines ?? 0) + slice.lines,
          hits: (before?.hits ?? 0) + slice.hits,
          built: (before?.built ?? 0) + slice.built,
        });
      }
      known.next = to;
      if (to === build.nextOffset) break;
      await setImmediate();
      signal.throwIfAborted();
    }
    // Builders write the values of arguments into the names of steps.
    const redactor = redactorOf(definitionOf(build));
    const last = Math.max(...known.steps.keys());
    const steps = [...known.steps]
      .sort(([a], [b]) => a - b)
      .map(([step, { title, from, to, lines, hits, built }]): StepLine => {
        const isOver = isFinal(build.status);
        const state =
          step === failedStep
            ? "failed"
            : hits > 0 && built === 0
              ? "cached"
              : built > 0 || build.status === "ready" || step < last
                ? "done"
                : isOver
                  ? "stopped"
                  : "running";
        const end = state === "running" ? Date.now() : Date.parse(to);
        return {
          step,
          title: saidText(title, redactor),
          state,
          durationMs: Math.max(0, end - Date.parse(from)),
          lines,
        };
      });
    return { steps, total: known.total };
  }
}
