import { NullspaceError } from "pulumi-nullspace/sdk";
import type { NativeBlueprint } from "../../../fleet/guests/native-pools.ts";
import { MachineExitedError } from "../../../fleet/guests/driver-errors.ts";
import { listAll } from "../client/follow-list.ts";
import type { KubernetesClient } from "../client/kubernetes-client.ts";
import { guestPod, type GuestPod } from "../guest-pod.ts";
import { ownSelector } from "../guest-labels.ts";
import { Pod } from "../objects.ts";
import type { PodSettings } from "../pod-object.ts";
import { exitOf } from "../pod-state.ts";
import { refused, StartVerdict, type StartPatience } from "../start-verdict.ts";
import { CLAIMED_LABEL, NATIVE_LABEL } from "./native-api.ts";
import { isReady, type MemberSandbox, type SandboxWarmPool } from "./native-objects.ts";
import { readyWithinMs } from "./readiness-probe.ts";

/** What is remembered of a member that is not ready. */
interface Watched {
  readonly verdict: StartVerdict;
  /** When it was first seen to run, by `performance.now()`. */
  runsSinceMs?: number;
}

/** Says why members of a generation do not get ready: by the same rules by which a start of the service's own fails. */
export class MemberVerdicts {
  readonly #client: KubernetesClient;
  readonly #settings: PodSettings;
  readonly #patience: StartPatience;
  /** By generation, and in it by uid of the Sandbox. */
  readonly #watched = new Map<string, Map<string, Watched>>();
  /** Since when a generation has fewer members than it should, by `performance.now()`. */
  readonly #shortSinceMs = new Map<string, number>();

  constructor(client: KubernetesClient, settings: PodSettings, patience: StartPatience) {
    this.#client = client;
    this.#settings = settings;
    this.#patience = patience;
  }

  forget(objectName: string): void {
    this.#watched.delete(objectName);
    this.#shortSinceMs.delete(objectName);
  }

  /** @returns `undefined` while they may yet get ready */
  async judge(
    objectName: string,
    members: readonly MemberSandbox[],
    blueprint: NativeBlueprint,
    pool: SandboxWarmPool | undefined,
    signal: AbortSignal,
  ): Promise<Error | undefined> {
    const short = this.#judgeCount(objectName, members.length, pool);
    if (short !== undefined) return short;
    const pending = members.filter((each) => !isReady(each));
    const before = this.#watched.get(objectName) ?? new Map<string, Watched>();
    const now = new Map<string, Watched>();
    this.#watched.set(objectName, now);
    if (pending.length === 0) return undefined;
    const pods = await this.#pods(objectName, signal);
    let failure: Error | undefined;
    for (const sandbox of pending) {
      const { uid, name } = sandbox.metadata;
      const watched = before.get(uid) ?? { verdict: new StartVerdict(blueprint.artifact, this.#patience) };
      now.set(uid, watched);
      const guest = guestPod(sandbox, pods.get(name));
      failure ??= guest && this.#judgeOne(watched, guest, blueprint);
    }
    return failure;
  }

  /** Whether agent-sandbox makes members at all. */
  #judgeCount(objectName: string, members: number, pool: SandboxWarmPool | undefined): Error | undefined {
    const wanted = Number((pool?.spec as { replicas?: number } | undefined)?.replicas ?? 0);
    const isSettled = (pool?.status?.observedGeneration ?? 0) >= (pool?.metadata.generation ?? 0);
    if (members > 0 || wanted === 0 || pool === undefined) {
      this.#shortSinceMs.delete(objectName);
      return undefined;
    }
    const nowMs = performance.now();
    const sinceMs = this.#shortSinceMs.get(objectName) ?? nowMs;
    this.#shortSinceMs.set(objectName, sinceMs);
    if (nowMs - sinceMs < this.#patience.podMs) return undefined;
    const seconds = Math.round(this.#patience.podMs / 1000);
    const why = `agent-sandbox has made no member of the SandboxWarmPool ${objectName} in ${seconds} s`;
    if (isSettled)
      return refused(`${why}; a quota may keep it from it: kubectl describe shows its events`, { mayPass: true });
    return refused(`${why}. See that its controller runs, with its extensions`, {
      mayPass: true,
      isControllerAway: true,
    });
  }

  #judgeOne(watched: Watched, guest: GuestPod, { readiness }: NativeBlueprint): Error | undefined {
    const exit = exitOf(guest);
    if (exit !== undefined) return new MachineExitedError({ ...exit, logTail: [] });
    const judged = watched.verdict.judge(guest);
    if (judged !== "started") return judged;
    watched.runsSinceMs ??= performance.now();
    // The kubelet's tries begin a while after the start, and are further apart than the service's own.
    const withinMs = readyWithinMs(readiness) + this.#patience.pullMs;
    if (performance.now() - watched.runsSinceMs < withinMs) return undefined;
    const seconds = Math.round(withinMs / 1000);
    return new NotReadyError(guest.metadata.name, seconds);
  }

  async #pods(objectName: string, signal: AbortSignal): Promise<Map<string, Pod>> {
    const { namespace, instanceId } = this.#settings;
    const labelSelector = ownSelector(instanceId, `${NATIVE_LABEL}=${objectName},!${CLAIMED_LABEL}`);
    const path = `/api/v1/namespaces/${namespace}/pods`;
    const { objects } = await listAll(this.#client, { path, query: { labelSelector }, object: Pod, signal });
    return new Map(objects.map((pod) => [pod.metadata.name, pod]));
  }
}

/** A member runs, and its readiness probe does not pass. Code `readiness_timeout`. */
class NotReadyError extends NullspaceError {
  constructor(name: string, seconds: number) {
    super(
      `The Sandbox ${name} runs, and has not become ready in ${seconds} s: its readiness probe, which a node makes at the pod's address, does not pass.`,
      { code: "readiness_timeout" },
    );
  }
}
