import { Semaphore } from "pulumi-nullspace/concurrency";
import type { MachineArtifact, Preparation } from "../../fleet/guests/machine-driver.ts";
import { INSTANCE_LABEL } from "../../labels.ts";
import { KubernetesError } from "./client/errors.ts";
import type { KubernetesClient } from "./client/kubernetes-client.ts";
import { PULL_LABEL } from "./guest-labels.ts";
import type { GuestPods } from "./guest-pods.ts";
import { getNode, hasImage, machineNodes, takesMachines } from "./nodes.ts";
import { Pod } from "./objects.ts";
import { mayCreatePods } from "./permissions.ts";
import type { PodSettings } from "./pod-object.ts";
import { pullPod, pullPodName, PullVerdict, type PullOutcome, type PullPatience } from "./pull-pod.ts";
import { deletePod } from "./remove-guest.ts";
import { refused } from "./start-verdict.ts";

/** Nodes that pull an image at the same time: a registry serves many, and its network is shared with what runs. */
const NODES_AT_ONCE = 8;

/** After so long a pull is looked at again, and so is its node. */
const LOOK_AGAIN_MS = 500;
const NODE_LOOK_MS = 15_000;

/** Of nodes that were left out for one reason, so many are named. */
const MAX_NAMED = 5;

/** What pulls images ahead. */
export interface PullAheadPlace {
  readonly client: KubernetesClient;
  readonly pods: GuestPods;
  readonly settings: PodSettings;
  readonly patience: PullPatience;
}

/** An image that a node is to pull. */
interface Pull {
  readonly node: string;
  readonly artifact: MachineArtifact;
  readonly settings: PodSettings;
}

/** Has nodes pull images before a machine of theirs is started there: one short-lived pod a node, which runs nothing. */
export class PullAhead {
  readonly #place: PullAheadPlace;
  #sweep: Promise<void> | undefined;

  constructor(place: PullAheadPlace) {
    this.#place = place;
  }

  /**
   * Waits until every node that machines of a placement may start on now has an image. Nodes that come later are not waited for, nor those that
   * go, are cordoned, or do not take the pod.
   *
   * @param settings of the service, with those of the placement in them
   * @throws MachineImageMissingError when a node cannot pull it; the client's errors
   */
  async pull(artifact: MachineArtifact, settings: PodSettings, signal: AbortSignal): Promise<Preparation> {
    const { client } = this.#place;
    await this.sweep(signal);
    const nodes = await machineNodes(client, settings.nodeSelector, signal);
    if (nodes === undefined) return { skipped: ["the service may not list nodes, see docs/kubernetes.md"] };
    const wanted = nodes.filter((node) => takesMachines(node, settings.tolerations));
    // A node tells of 50 images at most: one that it does not tell of may be there all the same, and is then pulled in no time.
    const lacking = wanted.filter((node) => !hasImage(node, artifact.imageId));
    const turns = new Semaphore(NODES_AT_ONCE);
    const errors: unknown[] = [];
    const skipped = new Map<string, string[]>();
    let there = 0;
    await Promise.all(
      lacking.map(({ metadata: { name } }) =>
        turns.run(undefined, async () => {
          // What no node can pull is not asked of all of them; one that alone cannot is in no other's way.
          if (signal.aborted || (errors.length > 0 && there === 0)) return;
          try {
            const outcome = await this.#pullOn({ node: name, artifact, settings }, signal);
            if (outcome.kind === "there") there += 1;
            else skipped.set(outcome.reason, [...(skipped.get(outcome.reason) ?? []), name]);
          } catch (error) {
            errors.push(error);
          }
        }),
      ),
    );
    signal.throwIfAborted();
    if (errors.length > 0) throw errors[0];
    return { skipped: [...skipped].map(([reason, names]) => `on ${listed(names)}: ${reason}`) };
  }

  /** Takes away what a service that was killed has left, once. It is there before anything else is pulled. */
  sweep(signal?: AbortSignal): Promise<void> {
    this.#sweep ??= this.#removeLeftovers(signal).catch((error: unknown) => {
      this.#sweep = undefined;
      throw error;
    });
    return this.#sweep;
  }

  async #removeLeftovers(signal: AbortSignal | undefined): Promise<void> {
    const { client, pods, settings } = this.#place;
    const left = await pods.list(PULL_LABEL, signal);
    for (const pod of left) await deletePod(client, settings.namespace, pod, 0);
  }

  async #pullOn(pull: Pull, signal: AbortSignal): Promise<Exclude<PullOutcome, Error>> {
    const made = await this.#make(pull, signal);
    if (typeof made === "string") return { kind: "skipped", reason: made };
    try {
      const outcome = await this.#untilPulled(made, pull, signal);
      if (outcome instanceof Error) throw outcome;
      return outcome;
    } finally {
      // Not asked of its node: it ends by itself. What cannot be removed now is swept by the next start of the service.
      await deletePod(this.#place.client, pull.settings.namespace, made, 0).catch(() => undefined);
    }
  }

  /** @returns why the cluster does not take the pod, in its words: machines may be refused as well, which their starts tell */
  async #make({ node, artifact, settings }: Pull, signal: AbortSignal): Promise<Pod | string> {
    const { client, pods, patience } = this.#place;
    const { namespace, instanceId } = settings;
    const name = pullPodName(artifact.imageId, node, settings);
    const body = pullPod(artifact, node, patience.wholeMs, settings);
    try {
      return await client.json({ method: "POST", path: `/api/v1/namespaces/${namespace}/pods`, body }, Pod);
    } catch (error) {
      if (!(error instanceof KubernetesError)) throw error;
      const { status, said, reason } = error;
      if (reason === "AlreadyExists") {
        // Another pool wants the same image.
        const found = await pods.get(name, signal);
        if (found?.metadata.labels?.[INSTANCE_LABEL] === instanceId) return found;
        throw refused(`the pod that has node ${node} pull an image has just gone`, { mayPass: true, cause: error });
      }
      if (status === 404) throw refused(said, { mayPass: true, cause: error });
      const isAdmission = status === 403 && (await mayCreatePods(client, namespace));
      if (!isAdmission && status !== 400 && status !== 422) throw error;
      return said.replaceAll(name, "a pod that pulls an image");
    }
  }

  async #untilPulled(made: Pod, pull: Pull, signal: AbortSignal): Promise<PullOutcome> {
    const { node, artifact, settings } = pull;
    const { client, pods, patience } = this.#place;
    const verdict = new PullVerdict(artifact, node, patience);
    let seen: Pod | undefined = made;
    for (;;) {
      const lookAtMs = performance.now() + NODE_LOOK_MS;
      const judge = (pod: Pod | undefined): PullOutcome | "look" | undefined => {
        const isOther = pod !== undefined && pod.metadata.uid !== made.metadata.uid;
        return verdict.judge(isOther ? undefined : pod) ?? (performance.now() >= lookAtMs ? "look" : undefined);
      };
      const outcome = await pods.waitFor(made.metadata.name, judge, { signal, againMs: LOOK_AGAIN_MS, seen });
      if (outcome !== "look") return outcome;
      seen = undefined;
      const now = await getNode(client, node, signal);
      if (now === undefined || !takesMachines(now, settings.tolerations)) {
        return { kind: "skipped", reason: "the node went, or takes no machines any more" };
      }
    }
  }
}

function listed(names: readonly string[]): string {
  const rest = names.length - MAX_NAMED;
  return `${names.slice(0, MAX_NAMED).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
