import { answerTimeout } from "pulumi-nullspace/concurrency";
import { GuestCommandTimeoutError, GuestNotRunningError } from "../../fleet/guests/driver-errors.ts";
import type { GuestHealth, Probe } from "../../fleet/guests/machine-driver.ts";
import { askHttp, isGoodStatus } from "../ask-http.ts";
import { answersInside, failed, listensInside, succeedsInside, type RunInside } from "../inside-checks.ts";
import { isClusterAway, KubernetesError } from "./client/errors.ts";
import type { Pod } from "./objects.ts";

/** Tries a readiness check once, from inside. @throws when nothing is known of the cluster */
export async function tryProbe(
  pod: Pod,
  probe: Probe,
  run: RunInside,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<GuestHealth> {
  try {
    if (probe.kind === "tcp") return await listensInside(run, probe.port);
    if (probe.kind === "command") return await succeedsInside(run, probe.command);
    const answer = await answersInside(run, probe.port, probe.path, timeoutMs);
    return answer ?? (await askFromHere(pod, probe.port, probe.path, timeoutMs, signal));
  } catch (error) {
    if (error instanceof GuestCommandTimeoutError) return failed(`the try took longer than ${timeoutMs} ms`);
    // Whoever waits for the end of the main process says so, with its exit code.
    if (error instanceof GuestNotRunningError) return failed("its main process has ended");
    if (isClusterAway(error) || !(error instanceof KubernetesError)) throw error;
    return failed(error.said);
  }
}

/** For images with neither curl, wget nor bash: from where the service runs, which has to reach the pods' network then. */
async function askFromHere(
  { status }: Pod,
  port: number,
  path: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<GuestHealth> {
  const address = status?.podIP ?? "";
  const url = `http://${address.includes(":") ? `[${address}]` : address}:${port}${path}`;
  using timeout = answerTimeout(timeoutMs);
  try {
    const answered = await askHttp(url, AbortSignal.any([signal, timeout.signal]));
    return isGoodStatus(answered) ? { ok: true } : failed(`${url} answers status ${answered}`);
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    return failed(
      `${url} cannot be reached from the service (the image has neither curl, wget nor bash to ask from inside): ${reason}`,
    );
  }
}
