/** What every call accepts in addition to its own arguments. */
export interface CallOptions {
  /** Ends the call at once; it throws the signal's reason. */
  signal?: AbortSignal | undefined;
  /**
   * Longest silence of the service, milliseconds.
   *
   * @default that of the client, or two to five minutes for calls that the service works on for so long
   */
  timeoutMs?: number | undefined;
}

/** Only what a call passes down, whatever else the caller's object holds. */
export function pickCallOptions({ signal, timeoutMs }: CallOptions): CallOptions {
  return { signal, timeoutMs };
}
