/** How long a build may take unless `customTimeouts` says otherwise. */
export const BUILD_TIMEOUT_MS = 30 * 60_000;

/** How long a pool may take to become ready, or empty. */
export const READY_TIMEOUT_MS = 10 * 60_000;

/** How long an operation may take that builds and starts nothing. */
export const CALL_TIMEOUT_MS = 5 * 60_000;
