import { pause } from "pulumi-nullspace/concurrency";
import { EngineUnavailableError } from "../errors.ts";

/** What is ended with its engine fails a moment before the engine goes; so long one waits to see it go. */
const GOING_AWAY_MS = 2_000;
const GOING_AWAY_LOOK_MS = 200;

/** Exit codes of processes that were ended by SIGKILL and SIGTERM, as an engine that stops ends them. */
export const KILLED: ReadonlySet<number> = new Set([137, 143]);

/**
 * Waits a moment to see whether an engine goes away, after a failure that a stop of the engine would explain.
 *
 * @param ask anything of the engine, which rejects when it is away
 * @returns `undefined` when it stays
 */
export async function seeEngineGo(
  ask: () => Promise<unknown>,
  signal: AbortSignal,
): Promise<EngineUnavailableError | undefined> {
  const endMs = performance.now() + GOING_AWAY_MS;
  while (performance.now() < endMs) {
    try {
      await ask();
      await pause(GOING_AWAY_LOOK_MS, signal);
    } catch (away) {
      return away instanceof EngineUnavailableError ? away : undefined;
    }
  }
  return undefined;
}
