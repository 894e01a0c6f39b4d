/** How long an engine may take, by kind of call; all in milliseconds. */
export interface EngineTimeLimits {
  /**
   * A call that only looks (ping, inspect, list), from its beginning to the end of the answer. Unless it is
   * given, less than the 30 s that the service's Python client waits for a plain answer.
   *
   * @default 20_000
   */
  lookMs: number;
  /**
   * A call that changes one thing (create, start, remove, tag), from its beginning to the end of the answer. Some storage
   * drivers copy whole file systems for it.
   *
   * @default 300_000
   */
  changeMs: number;
  /**
   * An engine that has answered no ping for so long counts as frozen: every call that is under way fails, and so does
   * every new one until a ping is answered. It is the only limit of calls that may be silent for hours: builds, pulls,
   * waits, commands.
   *
   * @default 20_000
   */
  silenceMs: number;
}

/** The limits of an engine that is given none. */
export const ENGINE_TIME_LIMITS: EngineTimeLimits = { lookMs: 20_000, changeMs: 300_000, silenceMs: 20_000 };

/** What a call is, as far as its time goes; see {@link EngineTimeLimits}. */
export type EngineCallKind = "look" | "change" | "stream";
