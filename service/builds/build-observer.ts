import type { CacheSummary, TemplateFailureDetail } from "pulumi-nullspace/wire";
import type { NewLogEntry } from "./build-log.ts";

/** How a build ended. */
export type BuildEnd =
  | { readonly result: "ready"; readonly cache: CacheSummary }
  | { readonly result: "error"; readonly detail: TemplateFailureDetail }
  | { readonly result: "cancelled" };

/**
 * Is told what happens to builds, once it is recorded: for figures and traces. It changes nothing, returns at once, and
 * must not throw. There may be several; each is told of everything.
 */
export interface BuildObserver {
  /** A request became a build, which waits. Called while the request is answered. */
  accepted?(buildId: string): void;
  /**
   * @param waitedMs since it was accepted, or since it was cut
   * @param traceparent what it was asked for in, also by another process; absent: nothing was traced
   */
  started?(buildId: string, waitedMs: number, traceparent?: string): void;
  /** It said something. The text is for its log: it may hold what only its owner may read. */
  said?(buildId: string, entry: NewLogEntry): void;
  /** It was cut, and waits again. */
  cut?(buildId: string): void;
  /** @param ranMs since it was started; absent for one that never was */
  ended?(buildId: string, end: BuildEnd, ranMs: number | undefined): void;
  /** Does the work of a build: what comes of `work`, comes of this. */
  within?<T>(buildId: string, work: () => Promise<T>): Promise<T>;
}

/** Does the work of a build as each of its observers wants it done. */
export function withinObservers<T>(
  observers: readonly BuildObserver[],
  buildId: string,
  work: () => Promise<T>,
): Promise<T> {
  return observers.reduce<() => Promise<T>>(
    (inner, observer) => () => observer.within?.(buildId, inner) ?? inner(),
    work,
  )();
}
