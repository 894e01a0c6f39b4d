import type { GuestExit } from "../../fleet/guests/machine-driver.ts";
import { BUILD_LABEL, CONTAINER, GUEST_LABEL, TRIAL_LABEL } from "./guest-labels.ts";
import type { Pod } from "./objects.ts";

/** Killed with its pod, with nobody left to say how it ended. */
const KILLED = 137;

/** The guest that a pod is of, or that a build tries its start command in. */
export function guestIdOf({ metadata: { labels } }: Pod): string | undefined {
  return labels?.[GUEST_LABEL] ?? labels?.[TRIAL_LABEL];
}

/** The build that tries its start command in it. */
export function buildIdOf({ metadata: { labels } }: Pod): string | undefined {
  return labels?.[BUILD_LABEL];
}

/** The state of the guest's container; `undefined` before its node knows of it. */
export function containerOf({ status }: Pod) {
  return status?.containerStatuses?.find(({ name }) => name === CONTAINER)?.state ?? undefined;
}

/** Its main process runs. */
export function isRunning(pod: Pod): boolean {
  return !isLeaving(pod) && !hasEnded(pod) && containerOf(pod)?.running != null;
}

/** It is being deleted: its processes have been told to end, or its node is lost. */
export function isLeaving({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp != null;
}

/** It has ended; nothing starts it again. */
export function hasEnded(pod: Pod): boolean {
  const phase = pod.status?.phase;
  return phase === "Failed" || phase === "Succeeded" || containerOf(pod)?.terminated != null;
}

/** It runs or will: neither has it ended nor is it going. */
export function isAlive(pod: Pod): boolean {
  return !isLeaving(pod) && !hasEnded(pod);
}

/** How a guest that has ended came to its end; `undefined` when it has not. */
export function exitOf(pod: Pod): GuestExit | undefined {
  if (!hasEnded(pod)) return undefined;
  const terminated = containerOf(pod)?.terminated;
  const endedByHost = hostReason(pod);
  return {
    exitCode: terminated?.exitCode ?? KILLED,
    outOfMemory: terminated?.reason === "OOMKilled",
    ...(endedByHost !== undefined && { endedByHost }),
  };
}

/** Why the cluster ended a pod, or did not let it begin: evicted, preempted, refused by its node; `undefined` when it did not. */
export function hostReason({ status }: Pod): string | undefined {
  if (status?.reason) return words(status.reason, status.message);
  const disrupted = status?.conditions?.find((each) => each.type === "DisruptionTarget" && each.status === "True");
  return disrupted === undefined ? undefined : words(disrupted.reason ?? "disrupted", disrupted.message);
}

export function words(reason: string, message: string | null | undefined): string {
  return message ? `${reason}: ${message}` : reason;
}

/** Why nothing can be asked of a guest, in words. */
export function whyNotRunning(pod: Pod): string {
  const exit = exitOf(pod);
  if (exit !== undefined) return exit.endedByHost ?? `its main process ended with exit code ${exit.exitCode}`;
  if (isLeaving(pod)) return "its pod is being deleted";
  return `it has not begun (${containerOf(pod)?.waiting?.reason ?? pod.status?.phase ?? "Pending"})`;
}
