import { AsyncLocalStorage } from "node:async_hooks";
import { NO_SPAN, type Span, type SpanOptions } from "./span.ts";

/** The span that work belongs to goes with it through all that it awaits, as nobody on the way has a use for it. */
const spans = new AsyncLocalStorage<Span>();

/**
 * The current span; one that does nothing if nothing is traced.
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
 * Runs `work` as part of a span, which continues after it.
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
 * Runs `work` as a span, which ends with it, and has failed if it throws.
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
 * Runs `work` as a step of the current span; if there is none, it only runs it.
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
