import { backoffMs as doubledMs } from "../concurrency/index.ts";

/** Sends of one call at most, the first one included. */
export const MAX_ATTEMPTS = 4;
/** A service that asks for a longer pause than this gets its answer handed to the caller, who may have other plans. */
export const MAX_RETRY_AFTER_MS = 60_000;
const PAUSES_MS = { first: 200, most: 5_000 };
/** Added to a pause that the service asked for, so that its clients do not all come back in the same moment. */
const JITTER = 0.25;

/** Pause before try `attempt` + 1 when the service asked for none: doubling from 200 ms to 5 s, between half and whole. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const whole = doubledMs(PAUSES_MS, attempt);
  return whole / 2 + (whole / 2) * random();
}

/** The pause that the service asked for and up to a quarter more, never less. */
export function jittered(delayMs: number, random: () => number = Math.random): number {
  return delayMs * (1 + JITTER * random());
}

/**
 * `Retry-After` in milliseconds: seconds (fractions allowed) or an HTTP date.
 *
 * @returns undefined when there is none that can be read
 */
export function parseRetryAfter(value: string | undefined, now: number = Date.now()): number | undefined {
  const text = value?.trim();
  if (!text) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
