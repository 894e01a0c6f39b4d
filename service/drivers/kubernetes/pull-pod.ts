import { createHash } from "node:crypto";
import { MachineImageMissingError } from "../../fleet/guests/driver-errors.ts";
import type { MachineArtifact } from "../../fleet/guests/machine-driver.ts";
import { TEMPLATE_LABEL } from "../../labels.ts";
import { auxiliaryPod } from "./auxiliary-pod.ts";
import { PULL_LABEL } from "./guest-labels.ts";
import type { Pod } from "./objects.ts";
import type { PodSettings } from "./pod-object.ts";
import { containerOf, hasEnded, hostReason, isLeaving, words } from "./pod-state.ts";
import { NEVER_MADE, NEVER_PULLED, PULL_FAILS, refused } from "./start-verdict.ts";

/** No image has it: the container is made, which takes the image, and cannot be started. Nothing of the image ever runs. */
const NO_COMMAND = "/nullspace/pulls-an-image-and-runs-nothing";

/** A pod that a service left behind ends by itself so long after its time. */
const DEADLINE_AFTER_SECONDS = 60;

/** The name is made from what it pulls, where, and for which runtime, each of which may unpack it its own way, so that there are never two. */
export function pullPodName(imageId: string, node: string, settings: PodSettings): string {
  const { instanceId, runtimeClass = "" } = settings;
  const hash = createHash("sha256").update([instanceId, imageId, node, runtimeClass].join("\n")).digest("hex");
  return `nullspace-pull-${hash.slice(0, 24)}`;
}

/** A pod whose image its node pulls as it would that of a machine. It is given to the node itself, whatever a scheduler thinks. */
export function pullPod(
  { imageId, templateId }: MachineArtifact,
  node: string,
  wholeMs: number,
  settings: PodSettings,
): object {
  return auxiliaryPod(
    {
      name: pullPodName(imageId, node, settings),
      labels: { [TEMPLATE_LABEL]: templateId, [PULL_LABEL]: "image" },
      image: imageId,
      command: [NO_COMMAND],
      // Room for a process that never is.
      cpu: "1m",
      memory: "16Mi",
      deadlineSeconds: Math.ceil(wholeMs / 1000) + DEADLINE_AFTER_SECONDS,
      node,
    },
    settings,
  );
}

/** How a pull ended: the node has the image, or does not take the pod, and why; an error, when it cannot have the image. */
export type PullOutcome = { readonly kind: "there" } | { readonly kind: "skipped"; readonly reason: string } | Error;

/** How long a pull may fail in a row, and how long it may take at all, milliseconds. */
export interface PullPatience {
  readonly failMs: number;
  readonly wholeMs: number;
}

/** Judges the states that a pod which pulls an image comes to. */
export class PullVerdict {
  readonly #artifact: MachineArtifact;
  readonly #node: string;
  readonly #patience: PullPatience;
  readonly #since = performance.now();
  #failingSinceMs: number | undefined;

  constructor(artifact: MachineArtifact, node: string, patience: PullPatience) {
    this.#artifact = artifact;
    this.#node = node;
    this.#patience = patience;
  }

  /** @returns `undefined` while it pulls */
  readonly judge = (pod: Pod | undefined): PullOutcome | undefined => {
    if (pod === undefined || isLeaving(pod)) {
      return refused(`the pod that has node ${this.#node} pull an image was deleted`, { mayPass: true });
    }
    const { running, terminated, waiting } = containerOf(pod) ?? {};
    // A container that was made has its image, however it fares. (KWOK's nodes say that they run everything.)
    if (running != null || terminated != null || NEVER_MADE.has(waiting?.reason ?? "")) return { kind: "there" };
    if (hasEnded(pod)) return { kind: "skipped", reason: hostReason(pod) ?? "it did not take the pod" };
    const why = words(waiting?.reason ?? "", waiting?.message);
    if (NEVER_PULLED.has(waiting?.reason ?? ""))
      return this.#missing(`cannot be pulled by node ${this.#node} (${why})`);
    const nowMs = performance.now();
    if (!PULL_FAILS.has(waiting?.reason ?? "")) this.#failingSinceMs = undefined;
    else {
      this.#failingSinceMs ??= nowMs;
      if (nowMs - this.#failingSinceMs >= this.#patience.failMs)
        return this.#missing(`cannot be pulled by node ${this.#node} (${why})`);
    }
    if (nowMs - this.#since < this.#patience.wholeMs) return undefined;
    return this.#missing(
      `was not pulled by node ${this.#node} within ${Math.round(this.#patience.wholeMs / 1000)} s (cordon the node if it never will)`,
    );
  };

  #missing(is: string): MachineImageMissingError {
    const { templateId, imageId } = this.#artifact;
    return new MachineImageMissingError(templateId, imageId, undefined, is);
  }
}
