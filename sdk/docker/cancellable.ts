/** Options of a call that can be given up. */
export interface Cancellable {
  /** Ends the call; it then fails with the signal's reason. */
  signal?: AbortSignal | undefined;
}
