import { answerTimeout } from "pulumi-nullspace/concurrency";
import { askHttp, isGoodStatus } from "../ask-http.ts";
import { addressOf } from "./host-view.ts";
import type { CheckResult } from "../inside-checks.ts";
import type { ProbeTry } from "./probe-try.ts";

/**
 * Asks a machine over HTTP from the host, at the address that the engine gave it: for images with neither curl, wget
 * nor bash. Such a machine must listen on all its addresses, and have a network.
 */
export async function probeHttpFromHost(port: number, path: string, attempt: ProbeTry): Promise<CheckResult> {
  const { engine, containerId, timeoutMs, signal } = attempt;
  const { NetworkSettings } = await engine.containers.inspect(containerId, { signal });
  const address = addressOf(NetworkSettings);
  if (address === undefined) {
    return {
      ok: false,
      reason:
        "the image has neither curl, wget nor bash to ask with, and without internet access the machine has no address to ask at from outside",
    };
  }
  const url = `http://${address}:${port}${path}`;
  using timeout = answerTimeout(timeoutMs);
  try {
    const status = await askHttp(url, AbortSignal.any([signal, timeout.signal]));
    return isGoodStatus(status) ? { ok: true } : { ok: false, reason: `${url} answers status ${status}` };
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    return {
      ok: false,
      reason: `${url} cannot be reached from the host (the image has neither curl, wget nor bash to ask from inside): ${reason}`,
    };
  }
}
