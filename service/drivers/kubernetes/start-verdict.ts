import { MachineImageMissingError, MachineRefusedError, type RefusalFacts } from "../../fleet/guests/driver-errors.ts";
import type { MachineArtifact } from "../../fleet/guests/machine-driver.ts";
import { isSuspended, type GuestPod } from "./guest-pod.ts";
import type { Pod, Sandbox } from "./objects.ts";
import { containerOf, hasEnded, hostReason, isLeaving, words } from "./pod-state.ts";

/** How long a start waits for obstacles that may clear up without anyone acting, milliseconds. */
export interface StartPatience {
  /** For a node that has room: an autoscaler may bring one. @default 60,000 */
  readonly unschedulableMs: number;
  /** For a registry that does not give an image: nodes ask it again after 10 s. @default 15,000 */
  readonly pullMs: number;
  /** For agent-sandbox to make the pod of a Sandbox: its controller may be busy, or change its leader. @default 60,000 */
  readonly podMs: number;
  /** For everything together. @default 600,000 */
  readonly wholeMs: number;
  /** For a node that pulls an image ahead of machines. @default 1,800,000 */
  readonly aheadMs: number;
}

export const START_PATIENCE: StartPatience = {
  unschedulableMs: 60_000,
  pullMs: 15_000,
  podMs: 60_000,
  wholeMs: 600_000,
  aheadMs: 1_800_000,
};

/** Reasons why a node has no image (kubelet, `images/types.go`): the first may clear up, the second never do. */
export const PULL_FAILS = new Set(["ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ErrImageNeverPull"]);
export const NEVER_PULLED = new Set(["InvalidImageName", "ImageInspectError"]);
/** Reasons for which a container cannot be made from what is asked for (`kuberuntime`). */
export const NEVER_MADE = new Set(["CreateContainerConfigError", "CreateContainerError", "RunContainerError"]);
/** Reasons of a container that ended before its first process was there. */
const NEVER_BEGAN = new Set(["StartError", "ContainerCannotRun"]);

/** Judges the states that a pod comes to while it starts. */
export class StartVerdict {
  readonly #artifact: MachineArtifact;
  readonly #patience: StartPatience;
  readonly #since = performance.now();
  /** When each kind of trouble was seen first, in a row. */
  #trouble: { readonly kind: string; readonly sinceMs: number } | undefined;

  constructor(artifact: MachineArtifact, patience: StartPatience) {
    this.#artifact = artifact;
    this.#patience = patience;
  }

  /** @returns `started`, also for one that has ended since; an error that it will not start by; `undefined` while it may */
  readonly judge = (pod: GuestPod | undefined): "started" | Error | undefined => {
    if (pod === undefined || isLeaving(pod)) return refused("its pod was deleted", { mayPass: true });
    if (pod.sandbox !== undefined && pod.podUid === undefined && !hasEnded(pod)) return this.#judgePodless(pod.sandbox);
    const state = containerOf(pod);
    if (state?.running != null) return "started";
    if (state?.terminated != null) {
      const { reason, message } = state.terminated;
      if (!NEVER_BEGAN.has(reason ?? "")) return "started";
      return refused(words(reason ?? "", message), { isImpossible: true });
    }
    if (hasEnded(pod)) return refused(hostReason(pod) ?? "its node did not take it", { mayPass: true });
    return this.#judgeWaiting(pod, state?.waiting) ?? this.#judgeTime(state?.waiting?.reason);
  };

  #judgeWaiting(
    pod: Pod,
    waiting: { reason?: string | null | undefined; message?: string | null | undefined } | null | undefined,
  ): Error | undefined {
    const { reason = "", message } = waiting ?? {};
    const why = words(reason ?? "", message);
    if (NEVER_MADE.has(reason ?? "")) return refused(why, { isImpossible: true });
    if (NEVER_PULLED.has(reason ?? "")) return this.#imageMissing(why);
    if (PULL_FAILS.has(reason ?? "")) {
      return this.#lasts("pull", this.#patience.pullMs) ? this.#imageMissing(why) : undefined;
    }
    const scheduled = pod.status?.conditions?.find(({ type }) => type === "PodScheduled");
    if (scheduled?.status === "False" && scheduled.reason === "Unschedulable") {
      const isLong = this.#lasts("schedule", this.#patience.unschedulableMs);
      return isLong ? refused(words("Unschedulable", scheduled.message), { mayPass: true }) : undefined;
    }
    this.#trouble = undefined;
    return undefined;
  }

  /** Its controller has not made the pod. */
  #judgePodless({ spec, status }: Sandbox): Error | undefined {
    const ready = status?.conditions?.find(({ type, reason }) => type === "Ready" && reason === "ReconcilerError");
    if (ready !== undefined) {
      const why = words("agent-sandbox cannot make its pod", ready.message);
      // What the API server says of a pod that is over a quota, or that nobody could make.
      if (/exceeded quota/.test(why)) return refused(why, { mayPass: true, isQuota: true });
      if (/ is invalid: /.test(why)) return refused(why, { isImpossible: true });
      return this.#lasts("refused", this.#patience.pullMs) ? refused(why, { mayPass: true }) : undefined;
    }
    if (!this.#lasts("podless", this.#patience.podMs)) return undefined;
    if (isSuspended(spec)) return refused("its Sandbox is suspended", { mayPass: true });
    const seconds = Math.round(this.#patience.podMs / 1000);
    const why = `agent-sandbox has made no pod of its Sandbox in ${seconds} s. See that its controller runs, or have machines be bare pods (--guest pod)`;
    return refused(why, { mayPass: true, isControllerAway: true });
  }

  #judgeTime(reason: string | null | undefined): Error | undefined {
    if (performance.now() - this.#since < this.#patience.wholeMs) return undefined;
    const seconds = Math.round(this.#patience.wholeMs / 1000);
    return refused(`it has not started for ${seconds} s (${reason || "Pending"})`, { mayPass: true });
  }

  /** Whether a trouble has lasted for so long. */
  #lasts(kind: string, ms: number): boolean {
    const nowMs = performance.now();
    if (this.#trouble?.kind !== kind) this.#trouble = { kind, sinceMs: nowMs };
    return nowMs - this.#trouble.sinceMs >= ms;
  }

  #imageMissing(why: string): MachineImageMissingError {
    const { templateId, imageId } = this.#artifact;
    return new MachineImageMissingError(templateId, imageId, undefined, `cannot be pulled by its node (${why})`);
  }
}

/** A refusal in the cluster's words; what is not said of it is false. */
export function refused(reason: string, facts: Partial<RefusalFacts>): MachineRefusedError {
  return new MachineRefusedError(reason, { isImpossible: false, mayPass: false, by: "cluster", ...facts });
}
