/** How long a build may take unless `customTimeouts` says otherwise. */
export const BUILD_TIMEOUT_MS = 30 * 60_000;

/** How long an operation without a build may take. */
export const CALL_TIMEOUT_MS = 5 * 60_000;
