import { EngineError, ExecTimeoutError } from "pulumi-nullspace/docker";
import type { Probe } from "../../fleet/guests/machine-driver.ts";
import {
  answersInside,
  failed,
  listensInside,
  nothingListens,
  succeedsInside,
  type CheckResult,
  type RunInside,
} from "../inside-checks.ts";
import { MAX_PROBE_OUTPUT_BYTES } from "../output-bounds.ts";
import { probeHttpFromHost } from "./probe-http.ts";
import type { ProbeTry } from "./probe-try.ts";

/** Tries a check once: from the host where it sees enough, and else by a command in the machine. */
export async function tryProbe(probe: Probe, attempt: ProbeTry): Promise<CheckResult> {
  try {
    if (probe.kind === "tcp") return await tryTcp(probe.port, attempt);
    if (probe.kind === "http") return await tryHttp(probe.port, probe.path, attempt);
    return await succeedsInside(runIn(attempt), probe.command);
  } catch (error) {
    if (error instanceof ExecTimeoutError) return failed(`the try took longer than ${attempt.timeoutMs} ms`);
    // The engine will not run the try, mostly because the main process has ended: whoever waits for that says so, with
    // its exit code.
    if (error instanceof EngineError) return failed(error.engineMessage);
    throw error;
  }
}

async function tryTcp(port: number, attempt: ProbeTry): Promise<CheckResult> {
  const seen = await attempt.view?.listens(port);
  if (seen !== undefined) return seen ? { ok: true } : nothingListens(port);
  return listensInside(runIn(attempt), port);
}

async function tryHttp(port: number, path: string, attempt: ProbeTry): Promise<CheckResult> {
  const seen = await attempt.view?.listens(port);
  if (seen === false) return nothingListens(port);
  if (seen && (await attempt.view?.isSeenReady({ kind: "http", port, path }))) return { ok: true };
  const answer = await answersInside(runIn(attempt), port, path, attempt.timeoutMs);
  return answer ?? probeHttpFromHost(port, path, attempt);
}

function runIn({ engine, containerId, timeoutMs, signal }: ProbeTry): RunInside {
  return (cmd) =>
    engine.containers.exec(containerId, { cmd, timeoutMs, signal, maxOutputBytes: MAX_PROBE_OUTPUT_BYTES });
}
