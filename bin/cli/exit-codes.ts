/** Exit codes of every command. */
export const EXIT = {
  ok: 0,
  /** The work was tried and failed: a build error, an engine that is down, a difference found by `diff`. */
  failed: 1,
  /** The input is wrong: options, paths, ignore files. Nothing was started. */
  badInput: 2,
  /** The work is done, and what came out is what the caller wanted to stop at. */
  condition: 3,
  /** Interrupted by the user (128 + SIGINT). */
  interrupted: 130,
} as const;
