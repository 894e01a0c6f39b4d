import { randomBytes } from "node:crypto";
import type { KubernetesClient } from "./client/kubernetes-client.ts";
import { auxiliaryPod } from "./auxiliary-pod.ts";
import { NETWORK_LABEL, PROBE_LABEL } from "./guest-labels.ts";
import type { GuestPods } from "./guest-pods.ts";
import { Pod } from "./objects.ts";
import type { PodSettings } from "./pod-object.ts";
import { containerOf, hasEnded, hostReason, isLeaving, words } from "./pod-state.ts";
import { deletePod } from "./remove-guest.ts";
import { NEVER_MADE, NEVER_PULLED, PULL_FAILS } from "./start-verdict.ts";

/** Whether a network keeps machines without internet access by themselves. */
export type IsolationOutcome =
  | { readonly state: "enforced" }
  /** A connection came about that its policy forbids. */
  | { readonly state: "unenforced"; readonly reason: string }
  /** It could not be found out. */
  | { readonly state: "unproven"; readonly reason: string };

/** Where the pods of the probe listen. */
export const PROBE_PORT = 8099;

/** Exit codes of those that try to connect. */
const CONNECTED = 10;
const REFUSED = 20;
const NO_TOOL = 30;

/** Nobody in particular; the port is above those that only root may have. */
const USER = 65_534;

const DEADLINE_SECONDS = 300;
const LOOK_AGAIN_MS = 500;

/** Says nothing, and ends each connection; between two it is away for a moment. */
const SERVER = `command -v nc >/dev/null || exit ${NO_TOOL}; while :; do nc -l -p ${PROBE_PORT} </dev/null || sleep 1; done`;

/** Tries so often, the first time at once: a policy that comes a second late would be one second of internet for a machine. */
function client(address: string, tries: number): string {
  const attempt = `nc -w 1 ${address} ${PROBE_PORT} </dev/null >/dev/null 2>&1 && exit ${CONNECTED}`;
  return `command -v nc >/dev/null || exit ${NO_TOOL}; n=0; while [ $n -lt ${tries} ]; do ${attempt}; n=$((n+1)); sleep 1; done; exit ${REFUSED}`;
}

/** What a probe is made with. */
export interface ProbePlace {
  readonly client: KubernetesClient;
  readonly pods: GuestPods;
  readonly settings: PodSettings;
  /** Image with `sh` and `nc`. */
  readonly image: string;
  /** How long a pod may take to do what it is for, milliseconds. @default 60,000 */
  readonly podMs?: number;
}

/** Something that a pod of the probe did not do. */
class ProbeError extends Error {}

/**
 * Makes a pod that listens, and one with the labels of a machine without internet access that tries to connect to it. What it
 * does not manage counts only if another pod, for which that is allowed, manages it before and after.
 *
 * @throws the client's errors; the signal's reason
 */
export async function probeIsolation(place: ProbePlace, signal: AbortSignal): Promise<IsolationOutcome> {
  const run = randomBytes(4).toString("hex");
  const made: Pod[] = [];
  try {
    await removeAll(place, await place.pods.list(PROBE_LABEL, signal));
    const make = async (role: string, labels: Record<string, string>, script: string) => {
      const pod = await makePod(place, `nullspace-probe-${run}-${role}`, labels, script, signal);
      made.push(pod);
      return pod;
    };
    const server = await make("server", { [PROBE_LABEL]: "server" }, SERVER);
    const address = await untilListening(place, server, signal);
    const isConnected = async (role: string, labels: Record<string, string>, tries: number) =>
      (await exitOf(place, await make(role, labels, client(address, tries)), signal)) === CONNECTED;
    const control = { [PROBE_LABEL]: "control" };
    const isolated = { [PROBE_LABEL]: "isolated", [NETWORK_LABEL]: "none" };
    const unreached = "two pods do not reach one another even where their policies allow it";
    if (!(await isConnected("before", control, 20))) return { state: "unproven", reason: unreached };
    if (await isConnected("isolated", isolated, 6)) {
      return { state: "unenforced", reason: "the cluster's network does not enforce NetworkPolicies" };
    }
    return (await isConnected("after", control, 20)) ? { state: "enforced" } : { state: "unproven", reason: unreached };
  } catch (error) {
    if (error instanceof ProbeError) return { state: "unproven", reason: error.message };
    throw error;
  } finally {
    await removeAll(place, made).catch(() => undefined);
  }
}

async function removeAll({ client, settings }: ProbePlace, pods: readonly Pod[]): Promise<void> {
  for (const pod of pods) await deletePod(client, settings.namespace, pod, 0);
}

async function makePod(
  { client, settings, image }: ProbePlace,
  name: string,
  labels: Record<string, string>,
  script: string,
  signal: AbortSignal,
): Promise<Pod> {
  const command = ["sh", "-c", script];
  const size = { cpu: "10m", memory: "32Mi", deadlineSeconds: DEADLINE_SECONDS, user: USER };
  const body = auxiliaryPod({ name, labels, image, command, ...size }, settings);
  const path = `/api/v1/namespaces/${settings.namespace}/pods`;
  return client.json({ method: "POST", path, body, signal }, Pod);
}

async function untilListening(place: ProbePlace, pod: Pod, signal: AbortSignal): Promise<string> {
  return waitFor(place, pod, signal, (now) => {
    if (hasEnded(now)) throw new ProbeError(endOf(place, now));
    return containerOf(now)?.running == null ? undefined : now.status?.podIP || undefined;
  });
}

async function exitOf(place: ProbePlace, pod: Pod, signal: AbortSignal): Promise<number> {
  return waitFor(place, pod, signal, (now) => {
    if (!hasEnded(now)) return undefined;
    const code = containerOf(now)?.terminated?.exitCode;
    if (code !== CONNECTED && code !== REFUSED) throw new ProbeError(endOf(place, now));
    return code;
  });
}

async function waitFor<T>(
  { pods, image, podMs = 60_000 }: ProbePlace,
  pod: Pod,
  signal: AbortSignal,
  judge: (pod: Pod) => T | undefined,
): Promise<T> {
  const sinceMs = performance.now();
  const judgeOrGiveUp = (now: Pod | undefined): T | undefined => {
    if (now === undefined || isLeaving(now)) throw new ProbeError("a pod of the probe was deleted");
    const outcome = judge(now);
    if (outcome !== undefined) return outcome;
    const { reason, message } = containerOf(now)?.waiting ?? {};
    const why = words(reason ?? "", message);
    if (NEVER_PULLED.has(reason ?? "") || NEVER_MADE.has(reason ?? "")) throw new ProbeError(`${image}: ${why}`);
    if (performance.now() - sinceMs < podMs) return undefined;
    if (PULL_FAILS.has(reason ?? ""))
      throw new ProbeError(`${image} cannot be pulled (${why}): choose another with --probe-image`);
    throw new ProbeError(
      `a pod of the probe was not done after ${Math.round(podMs / 1000)} s (${reason ?? now.status?.phase ?? "Pending"})`,
    );
  };
  return pods.waitFor(pod.metadata.name, judgeOrGiveUp, { signal, againMs: LOOK_AGAIN_MS, seen: pod });
}

function endOf({ image }: ProbePlace, pod: Pod): string {
  const { exitCode, reason } = containerOf(pod)?.terminated ?? {};
  if (exitCode === NO_TOOL) return `${image} has no nc: choose another image with --probe-image`;
  return `a pod of the probe ended unexpectedly (${hostReason(pod) ?? `exit code ${exitCode ?? "unknown"}, ${reason ?? "no reason"}`})`;
}
