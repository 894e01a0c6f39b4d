import { AsyncLocalStorage } from "node:async_hooks";
import { NO_SPAN, type Span, type SpanOptions } from "./span.ts";

/** The span that work belongs to goes with it through all that it awaits, as nobody on the way has a use for it. */
const spans = new AsyncLocalStorage<Span>();

/** The span that is under way here; one that does nothing where nothing is traced. */
export function currentSpan(): Span {
  return spans.getStore() ?? NO_SPAN;
}

/** Does `work` as a part of a span, which goes on after it. */
export function withinSpan<T>(span: Span, work: () => T): T {
  return span === NO_SPAN && spans.getStore() === undefined ? work() : spans.run(span, work);
}

/**
 * Does `work` as a span, which is over with it and has failed when it throws.
 *
 * @example
 *   const build = await runSpan(tracer.start("build"), () => makeImage());
 */
export async function runSpan<T>(span: Span, work: (span: Span) => T | Promise<T>): Promise<T> {
  if (span === NO_SPAN) return work(span);
  try {
    return await spans.run(span, () => work(span));
  } catch (error) {
    span.fail(error);
    throw error;
  } finally {
    span.end();
  }
}

/** Does `work` as a step of the span that is under way; where there is none, it only does it. */
export async function inSpan<T>(name: string, options: SpanOptions, work: (span: Span) => T | Promise<T>): Promise<T> {
  return runSpan(currentSpan().child(name, options), work);
}
