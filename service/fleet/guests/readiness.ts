import { Backoff, pause } from "pulumi-nullspace/concurrency";
import { READINESS_DEFAULTS, type Readiness } from "pulumi-nullspace/wire";
import { MachineExitedError, ReadinessTimeoutError } from "./driver-errors.ts";
import type { MachineDriver, Probe } from "./machine-driver.ts";

/** One try of a check, as a log shows it. */
export interface ReadinessAttempt {
  /** From 1. */
  readonly attempt: number;
  readonly ok: boolean;
  /** What the try saw; absent when it passed. */
  readonly reason?: string;
  /** Since the beginning of the wait. */
  readonly elapsedMs: number;
}

/** Options of {@link waitUntilReady}. */
export interface ReadinessOptions {
  readonly signal?: AbortSignal;
  /** A machine without a check is ready when its main process still runs after so long, milliseconds. @default 0 */
  readonly steadyMs?: number;
  /** Called after each try of a check. Failed tries in the grace time are not reported. */
  readonly onAttempt?: (attempt: ReadinessAttempt) => void;
}

/** What the wait asks of a driver. */
export type ReadinessDriver = Pick<MachineDriver, "look" | "waitExit" | "logs">;

/** The first pauses between two tries are shorter than the interval, so that a quick start is seen quickly. */
const FIRST_PAUSE_MS = 20;

/** One try may take this long, so that a server that accepts and never answers does not eat the whole time. */
const MAX_TRY_MS = 10_000;

/** The last try gets this long even when less is left: one that is cut short says nothing of the machine. */
const MIN_TRY_MS = 2_000;

/**
 * Waits until a guest is ready. Without a check it is ready when its main process runs.
 *
 * The first try comes at once; the grace time (2 s unless the check says otherwise) is added to the timeout, and failures
 * in it do not count.
 *
 * @throws MachineExitedError when the main process ends first, with exit code and last lines; ReadinessTimeoutError;
 *   GuestNotRunningError when there is no such guest
 */
export async function waitUntilReady(
  driver: ReadinessDriver,
  guestId: string,
  readiness: Readiness | undefined,
  options: ReadinessOptions = {},
): Promise<void> {
  const scope = new AbortController();
  const signal = options.signal === undefined ? scope.signal : AbortSignal.any([scope.signal, options.signal]);
  // Most guests without a check run, and that is all there is to see: the end of one is waited for where it is not so.
  const isSeenAtOnce = readiness === undefined && options.steadyMs === undefined;
  if (isSeenAtOnce && (await driver.look(guestId, undefined, { signal })).ok) return;
  // The driver tells the moment that the main process ends, so no try has to find out.
  const exit = driver.waitExit(guestId, signal).then(async (facts) => {
    throw new MachineExitedError({ ...facts, logTail: await driver.logs(guestId, signal) });
  });
  try {
    await Promise.race([passCheck(driver, guestId, readiness, { ...options, signal }), exit]);
  } finally {
    scope.abort();
    // It ends by the abort; its outcome, if any, was the race's.
    await Promise.allSettled([exit]);
  }
}

async function passCheck(
  driver: ReadinessDriver,
  guestId: string,
  readiness: Readiness | undefined,
  options: ReadinessOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const { signal } = options;
  const probe = readiness?.kind === "timeout" ? undefined : readiness;
  const restMs = readiness?.kind === "timeout" ? readiness.timeout_ms : options.steadyMs;
  if (probe === undefined && restMs !== undefined) await pause(restMs, signal);
  const graceMs = (probe?.startup_grace_secs ?? READINESS_DEFAULTS.startup_grace_secs) * 1000;
  const timeoutMs = graceMs + (probe?.timeout_secs ?? READINESS_DEFAULTS.timeout_secs) * 1000;
  const intervalMs = probe?.interval_ms ?? READINESS_DEFAULTS.interval_ms;
  const startMs = performance.now();
  const backoff = new Backoff({ first: Math.min(FIRST_PAUSE_MS, intervalMs), most: intervalMs });
  for (let attempt = 1; ; attempt += 1) {
    const leftMs = timeoutMs - (performance.now() - startMs);
    const tryMs = Math.ceil(Math.max(MIN_TRY_MS, Math.min(MAX_TRY_MS, leftMs)));
    // The end of the main process is heard of; without a check, that it runs is what has to be seen.
    const health = await driver.look(guestId, probe, { signal, timeoutMs: tryMs, isWatched: probe !== undefined });
    const elapsedMs = Math.round(performance.now() - startMs);
    if (probe !== undefined && (health.ok || elapsedMs >= graceMs)) {
      options.onAttempt?.({ attempt, ok: health.ok, elapsedMs, ...(!health.ok && { reason: health.reason }) });
    }
    if (health.ok) return;
    const pauseMs = backoff.next();
    if (elapsedMs + pauseMs >= timeoutMs) {
      throw new ReadinessTimeoutError({
        check: describeCheck(probe),
        waitedMs: elapsedMs,
        attempts: attempt,
        lastFailure: health.reason,
        logTail: await driver.logs(guestId, signal),
      });
    }
    await pause(pauseMs, signal);
  }
}

/** A check in words. */
function describeCheck(probe: Probe | undefined): string {
  if (probe === undefined) return "the machine to run";
  if (probe.kind === "tcp") return `a listener on port ${probe.port}`;
  if (probe.kind === "http") return `an answer from http://localhost:${probe.port}${probe.path}`;
  return `the command \`${probe.command}\` to succeed`;
}
