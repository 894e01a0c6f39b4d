/** Of each stream of a command this much is answered; the rest is dropped. */
export const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;

/** So much of each stream of a check is kept, which is looked at for why it failed. */
export const MAX_PROBE_OUTPUT_BYTES = 256 * 1024;
