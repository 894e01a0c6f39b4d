import { currentSpan, withinSpan, type Span, type Tracer } from "pulumi-nullspace/tracing";
import type { NewLogEntry } from "../builds/build-log.ts";
import type { BuildEnd, BuildObserver } from "../builds/build-observer.ts";
import { StepSpans } from "./step-spans.ts";

/** The spans of one build that has not ended. */
interface OpenBuild {
  readonly span: Span;
  readonly steps: StepSpans;
  /** Its wait in the queue. */
  wait: Span | undefined;
}

/**
 * Traces builds: a span from the acceptance of a build to its end, below the request that asked for it; in it one for each
 * wait in the queue and one for each step. A build that another process accepted goes on below the same request.
 */
export class BuildTraces implements BuildObserver {
  readonly #tracer: Tracer;
  /** Bounded by the builds that wait or run. */
  readonly #open = new Map<string, OpenBuild>();

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  accepted(buildId: string): void {
    this.#begin(buildId, currentSpan().child("build"));
  }

  started(buildId: string, waitedMs: number, traceparent?: string): void {
    const build = this.#open.get(buildId) ?? this.#begin(buildId, this.#tracer.start("build", { traceparent }));
    build.span.set({ "nullspace.build.waited_ms": waitedMs });
    build.wait?.end();
    build.wait = undefined;
  }

  said(buildId: string, entry: NewLogEntry): void {
    this.#open.get(buildId)?.steps.hear(entry);
  }

  cut(buildId: string): void {
    const build = this.#open.get(buildId);
    if (build === undefined) return;
    build.steps.end();
    build.wait = build.span.child("build queue");
  }

  ended(buildId: string, end: BuildEnd): void {
    const build = this.#open.get(buildId);
    if (build === undefined) return;
    if (end.result === "error") {
      const { phase, step_index: step } = end.detail;
      build.span.set({ "nullspace.build.phase": phase, ...(step != null && { "nullspace.build.step": step }) });
      build.steps.fail(step ?? undefined);
      build.span.fail({ code: end.detail.code });
    }
    this.#end(buildId, build, end.result);
  }

  within<T>(buildId: string, work: () => Promise<T>): Promise<T> {
    const span = this.#open.get(buildId)?.span;
    return span === undefined ? work() : withinSpan(span, work);
  }

  /** Ends what is open: the service stops, and another process goes on with it. */
  close(): void {
    for (const [buildId, build] of this.#open) this.#end(buildId, build, "interrupted");
  }

  #begin(buildId: string, span: Span): OpenBuild {
    span.set({ "nullspace.build.id": buildId });
    const build = { span, steps: new StepSpans(span), wait: span.child("build queue") };
    this.#open.set(buildId, build);
    return build;
  }

  #end(buildId: string, { span, steps, wait }: OpenBuild, result: string): void {
    this.#open.delete(buildId);
    wait?.end();
    steps.end();
    span.set({ "nullspace.build.result": result });
    span.end();
  }
}
