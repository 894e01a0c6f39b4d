import { setTimeout } from "node:timers/promises";

const POLL_MS = 50;

/**
 * Asks until the answer is yes.
 *
 * @param what is waited for, for the error: "the API server to be ready"
 * @param isSo may throw, which ends the waiting at once
 * @throws Error after `timeoutMs`
 */
export async function until(what: string, timeoutMs: number, isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; !(await isSo()); await setTimeout(POLL_MS)) {
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s for ${what}`);
  }
}
