import { Backoff, pause } from "pulumi-nullspace/concurrency";
import { EngineNotFoundError, type DockerEngine } from "pulumi-nullspace/docker";
import type { Readiness } from "pulumi-nullspace/sdk";
import { MachineExitedError, ReadinessTimeoutError } from "../../fleet/guests/driver-errors.ts";
import { READINESS_DEFAULTS, type ReadinessOptions } from "../../fleet/guests/machine-driver.ts";
import type { HostView } from "./host-view.ts";
import { readLogTail } from "./log-tail.ts";
import { tryProbe, type Probe } from "./probe.ts";
import type { ProbeTry } from "./probe-try.ts";

/** The first pauses between two tries are shorter than the interval, so that a quick start is seen quickly. */
const FIRST_PAUSE_MS = 20;

/** One try may take this long, so that a server that accepts and never answers does not eat the whole time. */
const MAX_TRY_MS = 10_000;

/** The last try gets this long even when less is left: one that is cut short says nothing of the machine. */
const MIN_TRY_MS = 2_000;

/**
 * Waits until a machine is ready. Without a check it is ready when its main process runs.
 *
 * Checks look from inside, so a server on the machine's loopback counts. The first try comes at once; the grace time
 * (2 s unless the check says otherwise) is added to the timeout, and failures in it do not count.
 *
 * @param view the container as it is seen from here. Default: tries are commands in it
 * @throws MachineExitedError when the main process ends first, with exit code and last lines; ReadinessTimeoutError
 */
export async function waitUntilReady(
  engine: DockerEngine,
  containerId: string,
  readiness: Readiness | undefined,
  options: ReadinessOptions = {},
  view?: HostView,
): Promise<void> {
  const scope = new AbortController();
  const signal = options.signal === undefined ? scope.signal : AbortSignal.any([scope.signal, options.signal]);
  // The engine answers this call the moment the main process ends, so no try has to find out.
  const exit = engine.containers.wait(containerId, { signal }).then(async ({ exitCode }) => {
    throw await exitError(engine, containerId, exitCode, signal);
  });
  try {
    await Promise.race([passCheck({ engine, containerId, view, signal }, readiness, options), exit]);
  } finally {
    scope.abort();
    // It ends by the abort; its outcome, if any, was the race's.
    await Promise.allSettled([exit]);
  }
}

async function passCheck(
  machine: Omit<ProbeTry, "timeoutMs">,
  readiness: Readiness | undefined,
  options: ReadinessOptions,
): Promise<void> {
  const { engine, containerId, signal } = machine;
  if (readiness === undefined) {
    if (options.steadyMs !== undefined) await pause(options.steadyMs, signal);
    return assertRunning(engine, containerId, signal);
  }
  if (readiness.kind === "timeout") {
    await pause(readiness.timeout_ms, signal);
    return assertRunning(engine, containerId, signal);
  }
  const graceMs = (readiness.startup_grace_secs ?? READINESS_DEFAULTS.startupGraceSecs) * 1000;
  const timeoutMs = graceMs + (readiness.timeout_secs ?? READINESS_DEFAULTS.timeoutSecs) * 1000;
  const intervalMs = readiness.interval_ms ?? READINESS_DEFAULTS.intervalMs;
  const startMs = performance.now();
  const backoff = new Backoff({ first: Math.min(FIRST_PAUSE_MS, intervalMs), most: intervalMs });
  for (let attempt = 1; ; attempt += 1) {
    const leftMs = timeoutMs - (performance.now() - startMs);
    const tryMs = Math.ceil(Math.max(MIN_TRY_MS, Math.min(MAX_TRY_MS, leftMs)));
    const result = await tryProbe(readiness, { ...machine, timeoutMs: tryMs });
    const elapsedMs = Math.round(performance.now() - startMs);
    if (result.ok || elapsedMs >= graceMs) {
      options.onAttempt?.({ attempt, ok: result.ok, elapsedMs, ...(!result.ok && { reason: result.reason }) });
    }
    if (result.ok) return;
    const pauseMs = backoff.next();
    if (elapsedMs + pauseMs >= timeoutMs) {
      throw new ReadinessTimeoutError({
        check: describeCheck(readiness),
        waitedMs: elapsedMs,
        attempts: attempt,
        lastFailure: result.reason,
        logTail: await readLogTail(engine, containerId, signal),
      });
    }
    await pause(pauseMs, signal);
  }
}

/** A check in words. */
export function describeCheck(probe: Probe): string {
  if (probe.kind === "tcp") return `a listener on port ${probe.port}`;
  if (probe.kind === "http") return `an answer from http://localhost:${probe.port}${probe.path}`;
  return `the command \`${probe.command}\` to succeed`;
}

async function assertRunning(engine: DockerEngine, containerId: string, signal: AbortSignal): Promise<void> {
  const { State } = await engine.containers.inspect(containerId, { signal });
  if (!State.Running) throw await exitError(engine, containerId, State.ExitCode, signal);
}

async function exitError(
  engine: DockerEngine,
  containerId: string,
  exitCode: number,
  signal: AbortSignal,
): Promise<MachineExitedError> {
  try {
    const { State } = await engine.containers.inspect(containerId, { signal });
    const logTail = await readLogTail(engine, containerId, signal);
    return new MachineExitedError({ exitCode, outOfMemory: State.OOMKilled === true, logTail });
  } catch (error) {
    // Removed under our eyes: there is nothing left to quote.
    if (error instanceof EngineNotFoundError)
      return new MachineExitedError({ exitCode, outOfMemory: false, logTail: [] });
    throw error;
  }
}
