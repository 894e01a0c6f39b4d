import { answerTimeout } from "pulumi-nullspace/concurrency";
import { GuestNotRunningError, MachineExitedError } from "./driver-errors.ts";
import type { MachineDriver } from "./machine-driver.ts";

/** A guest that is known to have ended is told of at once; whoever asks waits no longer for one that has not. */
const TELL_MS = 5_000;

/**
 * How a guest that lives no more came to its end, in words.
 *
 * @throws the driver's error when its host does not answer
 */
export async function explainDeath(
  driver: Pick<MachineDriver, "waitExit" | "logs">,
  guestId: string,
  signal: AbortSignal,
): Promise<string> {
  using late = answerTimeout(TELL_MS);
  const both = AbortSignal.any([signal, late.signal]);
  try {
    const facts = await driver.waitExit(guestId, both);
    return new MachineExitedError({ ...facts, logTail: await driver.logs(guestId, both) }).message;
  } catch (error) {
    if (error instanceof GuestNotRunningError) return "It was removed from its host by someone else.";
    signal.throwIfAborted();
    if (late.signal.aborted) return "It ended, and its host does not say how.";
    throw error;
  }
}
