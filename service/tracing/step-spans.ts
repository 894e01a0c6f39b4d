import type { Span } from "pulumi-nullspace/tracing";
import type { NewLogEntry } from "../builds/build-log.ts";

/** A build has more steps than this only by mistake or malice; those beyond are not traced. */
const MAX_STEPS = 500;

/** The first word of an instruction, and nothing behind it: arguments may hold what only the owner may read. */
const INSTRUCTION = /^[A-Za-z]{1,16}\b/;

/** The steps of one build as spans, by what the builder says of them. */
export class StepSpans {
  readonly #build: Span;
  readonly #open = new Map<number, { span: Span; makesLayer: boolean }>();
  readonly #known = new Set<number>();

  /** @param build the span that they are below */
  constructor(build: Span) {
    this.#build = build;
  }

  /** Takes what the build has said. */
  hear(entry: NewLogEntry): void {
    const { step_index: index, kind, cache_status: cache } = entry;
    if (index == null || (entry.phase !== "step" && entry.phase !== "cache")) return;
    const isLayer = kind === "cache" && entry.cache_kind === "layer";
    const step = this.#open.get(index) ?? this.#begin(index, isLayer ? entry.cache_subject : entry.message, entry);
    if (!isLayer || step === undefined) return;
    step.span.set({ "nullspace.step.cached": cache === "hit" });
    this.#end(index);
  }

  /** Marks as failed the step that did, if it is known. */
  fail(index: number | undefined): void {
    if (index !== undefined) this.#open.get(index)?.span.fail({ code: "step_failed" });
  }

  /** Ends all that are open; the build may begin them again. */
  end(): void {
    for (const index of this.#open.keys()) this.#end(index);
    this.#known.clear();
  }

  #begin(index: number, text: string | null | undefined, { total_steps: total }: NewLogEntry) {
    // What a step still says after its end begins nothing.
    if (this.#known.has(index) || this.#known.size >= MAX_STEPS) return undefined;
    this.#known.add(index);
    // The builder says nothing at the end of what makes no layer (FROM): it is over when something comes after it.
    for (const [other, { makesLayer }] of this.#open) if (!makesLayer) this.#end(other);
    const instruction = INSTRUCTION.exec(text ?? "")?.[0];
    const span = this.#build.child(instruction === undefined ? "build step" : `build step ${instruction}`, {
      attributes: { "nullspace.step.index": index, ...(total != null && { "nullspace.step.total": total }) },
    });
    const step = { span, makesLayer: instruction?.toUpperCase() !== "FROM" };
    this.#open.set(index, step);
    return step;
  }

  #end(index: number): void {
    this.#open.get(index)?.span.end();
    this.#open.delete(index);
  }
}
