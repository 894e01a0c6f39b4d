/** What a service has in one place outside of its data folder. */
export interface Belongings {
  /** What it is, a line each; none where nothing is there. */
  readonly lines: readonly string[];
  /**
   * Takes all of it away. What is gone already is a success: a reset that was cut goes on where it was.
   *
   * @returns what stays, in words that follow "but for"
   */
  remove(signal: AbortSignal): Promise<string[]>;
}

/** So many requests at once are no burden for a registry or an API server. */
export const AT_ONCE = 8;

/** `1 pod`, `2 pods`. */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}
