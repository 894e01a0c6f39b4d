import { pause } from "pulumi-nullspace/concurrency";

/** Claims that come closer together than this are one wave. */
const QUIET_MS = 25;
/** What fills pools waits no longer than this, however many claims come. */
const MOST_MS = 500;

/**
 * The claims of late. They come first: what fills pools behind them takes the processors that they need, so it waits until
 * a wave is over.
 */
export class ClaimTraffic {
  #lastAtMs = -Infinity;

  /** A member has just been claimed. */
  note(): void {
    this.#lastAtMs = performance.now();
  }

  /** Waits until no claim has come for a moment, half a second at most. @throws the signal's reason */
  async untilQuiet(signal: AbortSignal): Promise<void> {
    const givesUpAtMs = performance.now() + MOST_MS;
    for (;;) {
      const nowMs = performance.now();
      const waitMs = Math.min(this.#lastAtMs + QUIET_MS, givesUpAtMs) - nowMs;
      if (waitMs <= 0) return;
      await pause(waitMs, signal);
    }
  }
}
