import { INSTANCE_LABEL } from "../../labels.ts";

/** Label of the pod of a guest: its id. */
export const GUEST_LABEL = "dev.nullspace.local.guest";
/** Label of a pod that was made for a pool. */
export const POOL_LABEL = "dev.nullspace.local.pool";
/** Label of a pod that was made for a machine. (One that a checkout handed out has none.) */
export const MACHINE_LABEL = "dev.nullspace.local.machine";
/** Label of the pod in which a build tries its start command: the build. It has {@link TRIAL_LABEL}, and no label of a guest. */
export const BUILD_LABEL = "dev.nullspace.local.build";
/** Label of a trial's pod: its id. */
export const TRIAL_LABEL = "dev.nullspace.local.trial";
/** Label of a pod that has its node pull an image. It has none of the others that say what a pod is for. */
export const PULL_LABEL = "dev.nullspace.local.pull";
/** Label of a guest's pod: what its network policy lets it reach, `internet` or `none`. */
export const NETWORK_LABEL = "dev.nullspace.local.network";
/** Label of a pod by which it is found out whether policies are enforced: its part in that. */
export const PROBE_LABEL = "dev.nullspace.local.probe";
/** Annotation of a pod: who commands in it run as, where that is another than the image's user. */
export const USER_ANNOTATION = "dev.nullspace.local/user";

/** The container of a pod that the guest is. */
export const CONTAINER = "guest";

/**
 * The name is made from the id, so a guest is found without a record of its pod, and cannot be made twice. An id has an
 * underscore, which a name of Kubernetes must not (RFC 1123).
 */
export function podName(guestId: string): string {
  return `nullspace-${guestId.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`;
}

/** Selects what is of one service; `more` narrows it. */
export function ownSelector(instanceId: string, more?: string): string {
  return `${INSTANCE_LABEL}=${instanceId}${more === undefined ? "" : `,${more}`}`;
}
