import { pause } from "pulumi-nullspace/concurrency";

/** Claims that come closer together than this are one wave. */
const QUIET_MS = 25;
/** Others wait no longer than this, however many claims come. */
const MOST_MS = 500;
/** While claims come as often as this, the next one may be on its way. */
const OFTEN_MS = 1_000;

/**
 * The claims of late. They come first: what fills pools behind them, and what takes machines away, needs the processors as
 * they do, so it waits until a wave is over.
 */
export class ClaimTraffic {
  #lastAtMs = -Infinity;

  /** A member has just been claimed. */
  note(): void {
    this.#lastAtMs = performance.now();
  }

  /**
   * Waits until no claim has come for a moment, half a second at most; not at all where none has come for a second.
   *
   * @throws the signal's reason
   */
  async untilQuiet(signal: AbortSignal): Promise<void> {
    const beganAtMs = performance.now();
    if (beganAtMs - this.#lastAtMs > OFTEN_MS) return;
    for (;;) {
      const nowMs = performance.now();
      // Who ends a machine and asks for the next one sends both at the same time: the moment begins now at the earliest.
      const quietAtMs = Math.max(beganAtMs, this.#lastAtMs) + QUIET_MS;
      const waitMs = Math.min(quietAtMs, beganAtMs + MOST_MS) - nowMs;
      if (waitMs <= 0) return;
      await pause(waitMs, signal);
    }
  }
}
