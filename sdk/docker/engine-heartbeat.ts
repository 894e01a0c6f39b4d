import { answerTimeout } from "../concurrency/index.ts";
import { EngineTimeoutError } from "./errors.ts";

/** A silence is this many pings without an answer, after a pause as long as one of them may take. */
const MISSES = 3;

/**
 * Notices an engine that holds its connections and answers nothing any more, such as one that was stopped by a signal or
 * whose virtual machine sleeps. It pings while somebody watches, and while the engine is frozen.
 */
export class EngineHeartbeat {
  readonly #host: string;
  readonly #ping: (signal: AbortSignal) => Promise<void>;
  readonly #silenceMs: number;
  readonly #watchers = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #isPinging = false;
  #isClosed = false;
  #missed = 0;
  #isFrozen = false;

  /**
   * @param host the engine's address, for the error
   * @param ping asks the engine for a sign of life, on a connection of its own
   * @param silenceMs see EngineTimeLimits
   */
  constructor(host: string, ping: (signal: AbortSignal) => Promise<void>, silenceMs: number) {
    this.#host = host;
    this.#ping = ping;
    this.#silenceMs = silenceMs;
  }

  /** Why a call need not be tried; `undefined` when it may. */
  refusal(request: string): EngineTimeoutError | undefined {
    return this.#isFrozen ? new EngineTimeoutError(this.#host, request, this.#silenceMs) : undefined;
  }

  /** Calls `onFrozen` when the engine has been silent for too long, until the watch is disposed of. */
  watch(request: string, onFrozen: (error: EngineTimeoutError) => void): Disposable {
    const watcher = () => onFrozen(new EngineTimeoutError(this.#host, request, this.#silenceMs));
    this.#watchers.add(watcher);
    this.#goOn(this.#beatMs);
    return { [Symbol.dispose]: () => void this.#watchers.delete(watcher) };
  }

  /** The engine has answered something. */
  noteAnswer(): void {
    this.#missed = 0;
    this.#isFrozen = false;
  }

  /** Pings no more. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#watchers.clear();
  }

  get #beatMs(): number {
    return this.#silenceMs / (MISSES + 1);
  }

  #goOn(pauseMs: number): void {
    if (this.#isClosed || this.#isPinging || this.#timer !== undefined) return;
    if (this.#watchers.size === 0 && !this.#isFrozen) return;
    // What is watched holds the process; the watch itself does not.
    this.#timer = setTimeout(() => void this.#beat(), pauseMs).unref();
  }

  async #beat(): Promise<void> {
    this.#timer = undefined;
    this.#isPinging = true;
    using timeout = answerTimeout(this.#beatMs);
    const limit = timeout.signal;
    try {
      await this.#ping(limit);
      this.noteAnswer();
    } catch {
      // An engine that refuses connections is no frozen one: calls to it fail by themselves, and at once.
      this.#miss(limit.aborted);
    }
    this.#isPinging = false;
    this.#goOn(limit.aborted && !this.#isFrozen ? 0 : this.#beatMs);
  }

  #miss(isSilent: boolean): void {
    this.#missed += 1;
    if (this.#missed < MISSES) return;
    this.#isFrozen = isSilent;
    for (const watcher of [...this.#watchers]) watcher();
  }
}
