/** Something outside of this process and its data folder that a service needs. */
export interface Place {
  /** In the answer of the readiness call, and in figures. */
  readonly name: PlaceName;
  /** How a sentence about it begins, for people who hold no key: `The engine`. */
  readonly subject: string;
  /** What it is, on the page: `Docker Engine`. */
  readonly title: string;
  /** Where it is. */
  readonly host: string;
  /**
   * Asks it for a sign of life.
   *
   * @throws EngineUnavailableError when it gives none; any other error is told as an error of it
   */
  look(signal: AbortSignal): Promise<void>;
  /** What else there is to know of it while it answers, in a sentence for the same people. @default nothing */
  note?(): string;
}

/** `engine`: Docker Engine, whatever it is used for. */
export type PlaceName = "engine" | "builders" | "registry" | "machines";
