/** A build that waits for its run. */
export interface QueuedBuild {
  readonly buildId: string;
  /** Its logical template. */
  readonly templateKey: number;
  /** Equal for builds that make the same, whose run may be one; absent for a build that runs alone. */
  readonly joinKey?: string;
}

/**
 * One run of the builder, for one build or for several that make the same. Each member keeps its id, log, tags and end;
 * one that is cancelled leaves, and the run goes on for the others.
 */
export class BuildRun {
  readonly joinKey: string | undefined;
  readonly #members = new Map<string, QueuedBuild>();
  readonly #controller = new AbortController();
  #isOpen = true;

  constructor(first: QueuedBuild) {
    this.joinKey = first.joinKey;
    this.#members.set(first.buildId, first);
  }

  /** Builds that the run is for, in the order they came. */
  get members(): readonly QueuedBuild[] {
    return [...this.#members.values()];
  }

  /** Aborts when the run is nobody's any more, or the service stops. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether a build may still join: the run has not ended. */
  get isOpen(): boolean {
    return this.#isOpen && !this.signal.aborted;
  }

  has(buildId: string): boolean {
    return this.#members.has(buildId);
  }

  join(build: QueuedBuild): void {
    this.#members.set(build.buildId, build);
  }

  /** Takes a build out. @param reason why the run ends, if this was its last one */
  leave(buildId: string, reason: Error): void {
    if (this.#members.delete(buildId) && this.#members.size === 0) this.abort(reason);
  }

  /** The outcome is known: whoever comes now is too late for it. */
  close(): void {
    this.#isOpen = false;
  }

  abort(reason: Error): void {
    this.#controller.abort(reason);
  }
}
