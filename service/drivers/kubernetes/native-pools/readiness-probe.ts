import { READINESS_DEFAULTS, type Readiness } from "pulumi-nullspace/wire";
import { asUser } from "../launch-line.ts";

/** One try may take this long, as when the service itself waits for a machine. */
const TRY_SECONDS = 10;
/** A member that fails is looked at once more, as the service does with its own. */
const FAILURES = 2;

/**
 * A readiness check as a kubelet makes it. There is no end to its tries: how long a member may take is judged by whoever waits for
 * it.
 *
 * @param user of the machine, by name; absent: the container has it
 * @returns `undefined` without a check: what runs is ready
 */
export function readinessProbe(readiness: Readiness | undefined, user: string | undefined): object | undefined {
  if (readiness === undefined) return undefined;
  if (readiness.kind === "timeout") {
    // Nothing is asked but whether the time is up.
    return { exec: { command: ["true"] }, initialDelaySeconds: Math.ceil(readiness.timeout_ms / 1000) };
  }
  const intervalMs = readiness.interval_ms ?? READINESS_DEFAULTS.interval_ms;
  const tries = {
    periodSeconds: Math.max(1, Math.round(intervalMs / 1000)),
    timeoutSeconds: TRY_SECONDS,
    failureThreshold: FAILURES,
  };
  if (readiness.kind === "tcp") return { tcpSocket: { port: readiness.port }, ...tries };
  if (readiness.kind === "http") return { httpGet: { port: readiness.port, path: readiness.path }, ...tries };
  const script = user === undefined ? readiness.command : asUser(user, ["sh", "-c", readiness.command]);
  return { exec: { command: ["sh", "-c", script] }, ...tries };
}

/** How long a member may take from its start until it is ready, milliseconds. */
export function readyWithinMs(readiness: Readiness | undefined): number {
  if (readiness?.kind === "timeout") return readiness.timeout_ms;
  const { startup_grace_secs: grace, timeout_secs: timeout } = { ...READINESS_DEFAULTS, ...readiness };
  return (grace + timeout) * 1000;
}
