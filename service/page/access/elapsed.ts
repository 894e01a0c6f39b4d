/** A moment, by the clock of the wall, which can be set back, and by that of the machine, which stops while it sleeps. */
export interface Moment {
  wallMs: number;
  upMs: number;
}

export function thisMoment(): Moment {
  return { wallMs: Date.now(), upMs: performance.now() };
}

/** Milliseconds since a moment, by the clock that says more: what is over stays over when a clock was set back. */
export function elapsedMs({ wallMs, upMs }: Moment): number {
  return Math.max(Date.now() - wallMs, performance.now() - upMs);
}
