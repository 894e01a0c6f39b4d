import { getPriority, setPriority } from "node:os";

/** What a process is to have over the containers that it starts, which have 0: it answers while they take the processors. */
const NICENESS = -10;

/**
 * Has this process, which waits most of the time, answer before the containers that its engine starts: a claim would wait
 * for the members that fill the pool behind it. Only root may do so; a niceness that somebody has chosen stays.
 */
export function comeFirst(): void {
  try {
    if (getPriority() === 0) setPriority(NICENESS);
  } catch {
    // As any other process, then.
  }
}
