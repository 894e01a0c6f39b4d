import type { PlaceName } from "./place.ts";

/** One thing that the service needs. */
export interface HealthCheck {
  readonly name: HealthCheckName;
  /**
   * Looks whether it is there.
   *
   * @param signal aborted: the time for an answer is over
   * @returns what is good about it, for people who hold no key: no path, no address
   * @throws NotHealthyError saying what is wrong, for the same readers; any other error is told by {@link failure}
   */
  look(signal: AbortSignal): Promise<string>;
  /** What is wrong when the look fails for a reason that only the log may have. */
  readonly failure: string;
}

/** What the service needs. */
export type HealthCheckName = PlaceName | "store" | "disk";

/** Something that the service needs is not there; the message may be read by anybody. */
export class NotHealthyError extends Error {}
