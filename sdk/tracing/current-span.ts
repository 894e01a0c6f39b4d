import { AsyncLocalStorage } from "node:async_hooks";
import { NO_SPAN, type Span, type SpanOptions } from "./span.ts";

/** The span that work belongs to goes with it through all that it awaits, as nobody on the way has a use for it. */
const spans = new AsyncLocalStorage<Span>();

/**
 * The span that is under way here; one that does nothing where nothing is traced.
 *
 * @example
 * ```ts
 * currentSpan().set({ files: 12 });
 * ```
 */
export function currentSpan(): Span {
  return spans.getStore() ?? NO_SPAN;
}

/**
 * Does `work` as a part of a span, which goes on after it.
 *
 * @example
 * ```ts
 * const span = currentSpan().child("watch");
 * const timer = withinSpan(span, () => setInterval(() => currentSpan().set({ at: Date.now() }), 1_000));
 * // … and when it is enough:
 * clearInterval(timer);
 * span.end();
 * ```
 */
export function withinSpan<T>(span: Span, work: () => T): T {
  return span === NO_SPAN && spans.getStore() === undefined ? work() : spans.run(span, work);
}

/**
 * Does `work` as a span, which is over with it and has failed when it throws.
 *
 * @example
 * ```ts
 * await runSpan(currentSpan().child("build"), async (span) => {
 *   await using build = await Template.build(Template.fromDockerfile("./app/Dockerfile"), "web:v1");
 *   span.set({ build: build.buildId });
 * });
 * ```
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

/**
 * Does `work` as a step of the span that is under way; where there is none, it only does it.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 *
 * const text = await inSpan("read settings", { attributes: { file: "app.json" } }, () => readFile("app.json", "utf8"));
 * ```
 */
export async function inSpan<T>(name: string, options: SpanOptions, work: (span: Span) => T | Promise<T>): Promise<T> {
  return runSpan(currentSpan().child(name, options), work);
}
