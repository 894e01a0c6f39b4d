/** SQL that is true of a row of `machines` that is not over. */
export const IS_LIVE = "status IN ('creating', 'running', 'paused')";
