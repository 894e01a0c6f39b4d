import { answerTimeout } from "pulumi-nullspace/concurrency";
import type { Readiness } from "pulumi-nullspace/sdk";
import { EngineUnavailableError } from "../../errors.ts";
import {
  GuestNotRunningError,
  MachineExitedError,
  MachineImageMissingError,
} from "../../fleet/guests/driver-errors.ts";
import type {
  GuestCommand,
  GuestCommandResult,
  GuestEvent,
  GuestExit,
  GuestHealth,
  GuestSpec,
  HostSize,
  LookOptions,
  MachineArtifact,
  MachineCapabilities,
  MachineDriver,
  ObservedGuest,
  Preparation,
  TrialGuest,
} from "../../fleet/guests/machine-driver.ts";
import { INSTANCE_LABEL } from "../../labels.ts";
import { failed, type RunInside } from "../inside-checks.ts";
import { lastLines, TAIL_LINES } from "../log-tail.ts";
import { MAX_OUTPUT_BYTES, MAX_PROBE_OUTPUT_BYTES } from "../output-bounds.ts";
import { isClusterAway, KubernetesError } from "./client/errors.ts";
import type { KubernetesClient } from "./client/kubernetes-client.ts";
import { rethrow } from "./cluster-errors.ts";
import { beginWithPod } from "./begin-with-pod.ts";
import { createGuest } from "./create-guest.ts";
import { GuestChoice, ONLY_PODS, type ChosenGuests } from "./guest-choice.ts";
import { execInGuest } from "./guest-exec.ts";
import { BUILD_LABEL, CONTAINER, GUEST_LABEL, NETWORK_LABEL, podName, USER_ANNOTATION } from "./guest-labels.ts";
import type { GuestPod } from "./guest-pod.ts";
import { GuestPods } from "./guest-pods.ts";
import type { Isolation } from "./isolation.ts";
import { machineNodes, sizeOfNodes } from "./nodes.ts";
import type { Pod } from "./objects.ts";
import { placedSettings, placementKeys, settingsOf } from "./placed-settings.ts";
import type { PodSettings } from "./pod-object.ts";
import { buildIdOf, exitOf, guestIdOf, hostReason, isAlive, isLeaving, isRunning, whyNotRunning } from "./pod-state.ts";
import { PullAhead } from "./pull-ahead.ts";
import { removeGuest } from "./remove-guest.ts";
import { refused, START_PATIENCE, StartVerdict, type StartPatience } from "./start-verdict.ts";
import { tryProbe } from "./try-probe.ts";
import { watchGuests } from "./watch-guests.ts";

/** A server that accepts and does not answer for so long is not one to hand out. */
const LOOK_TIMEOUT_MS = 2_000;

/** The cluster does the work; so many requests at a time are a small part of what its server takes. */
const STARTS_AT_ONCE = 64;

/** States that end by themselves are looked at again after so long. */
const LOOK_AGAIN_MS = 500;

/** Of a log so much is read for the lines that an error quotes. */
const MAX_TAIL_BYTES = 256 * 1024;

/** What is left of a start that failed is taken away for so long; then a look finds it as a stray. */
const CLEAN_UP_MS = 30_000;

/** A request waits no longer for a bound on its size. */
const ASK_SIZE_MS = 2_000;

/** An id of Docker Engine, which no node could pull. */
const ENGINE_ID = /^sha256:[0-9a-f]{64}$/;

/**
 * Pods of a Kubernetes cluster, bare or of Sandboxes of agent-sandbox. Needs nothing on a node but what every kubelet has.
 */
export class KubernetesMachineDriver implements MachineDriver {
  readonly #client: KubernetesClient;
  readonly #settings: PodSettings;
  readonly #placementKeys: ReadonlyMap<string, string>;
  readonly #patience: StartPatience;
  readonly #choice: Pick<GuestChoice, "get">;
  readonly #pods: GuestPods;
  readonly #ahead: PullAhead;
  readonly #isolation: Isolation | undefined;
  readonly #closing = new AbortController();

  /**
   * @param makeIsolation what keeps machines apart, over the pods that this driver follows; absent: nothing does, and none can be
   *   without internet access
   */
  constructor(
    client: KubernetesClient,
    settings: PodSettings,
    patience: Partial<StartPatience> = {},
    makeIsolation?: (pods: GuestPods) => Isolation,
  ) {
    this.#client = client;
    this.#settings = settings;
    this.#placementKeys = placementKeys(settings);
    this.#patience = { ...START_PATIENCE, ...patience };
    const { namespace, instanceId, guest } = settings;
    this.#choice = guest === undefined ? ONLY_PODS : new GuestChoice(client, namespace, guest);
    this.#pods = new GuestPods(client, namespace, instanceId, this.#choice);
    this.#isolation = makeIsolation?.(this.#pods);
    const { pullMs, aheadMs } = this.#patience;
    const pullPatience = { failMs: pullMs, wholeMs: aheadMs };
    this.#ahead = new PullAhead({ client, pods: this.#pods, settings, patience: pullPatience });
  }

  get capabilities(): MachineCapabilities {
    return {
      // The freezer of a node is not the API's, and a Sandbox that is suspended keeps its volumes, of which a machine has none.
      pauses: false,
      // Whether the cluster's network enforces a NetworkPolicy is not the API's to say: it has to be proved.
      isolates: this.#whyConnected === undefined,
      ...(this.#whyConnected !== undefined && { whyNotIsolated: this.#whyConnected }),
      sharesCpus: (this.#settings.cpuOvercommit ?? 1) > 1,
      // A kubelet that finds more than the limit ends the machine.
      limitsDisk: true,
      sharesHost: false,
      startsAtOnce: STARTS_AT_ONCE,
      cutsStarts: true,
      placements: this.#placementKeys,
    };
  }

  async start(spec: GuestSpec, signal?: AbortSignal): Promise<void> {
    const { artifact, guestId } = spec;
    if (!spec.internetAccess && this.#whyConnected !== undefined) {
      const reason = `a machine without internet access needs a network that is known to enforce policies: ${this.#whyConnected}`;
      throw refused(reason, { isImpossible: true });
    }
    refuseEngineImage(artifact);
    try {
      await this.#isolation?.ensurePolicies();
      const made = await this.#make(spec, signal);
      const verdict = new StartVerdict(artifact, this.#patience);
      const until = this.#until(signal);
      const judge = (pod: GuestPod | undefined) => {
        const judged = verdict.judge(pod);
        return judged === "started" ? pod : judged;
      };
      const outcome = await this.#pods.waitFor(podName(guestId), judge, {
        signal: until,
        againMs: LOOK_AGAIN_MS,
        seen: made,
      });
      const { namespace } = this.#settings;
      const refusal = outcome instanceof Error ? outcome : await beginWithPod(this.#client, namespace, outcome, until);
      if (refusal === undefined) return;
      await this.#cleanUp(guestId);
      throw refusal;
    } catch (error) {
      throw this.#translate(error);
    }
  }

  async prepare(artifact: MachineArtifact, signal: AbortSignal, placement?: string): Promise<Preparation> {
    refuseEngineImage(artifact);
    if (this.#settings.pullsAhead === false) return { skipped: [] };
    const settings = settingsOf(this.#settings, placement);
    try {
      return await this.#ahead.pull(artifact, settings, this.#until(signal));
    } catch (error) {
      throw this.#translate(error);
    }
  }

  async waitExit(guestId: string, signal?: AbortSignal): Promise<GuestExit> {
    const judge = (pod: Pod | undefined): GuestExit | "gone" | undefined => {
      if (pod === undefined || !this.#isOwn(pod)) return "gone";
      const exit = exitOf(pod);
      if (exit !== undefined || !isLeaving(pod)) return exit;
      // One that is being removed has been told to end: how it does so says nothing. Why may be known: its node is lost, say.
      const endedByHost = hostReason(pod);
      return endedByHost === undefined ? "gone" : { exitCode: 137, outOfMemory: false, endedByHost };
    };
    try {
      const exit = await this.#pods.waitFor(podName(guestId), judge, { signal: this.#until(signal) });
      if (exit === "gone") throw new GuestNotRunningError(guestId);
      return exit;
    } catch (error) {
      throw this.#translate(error);
    }
  }

  async logs(guestId: string, signal?: AbortSignal): Promise<string[]> {
    const { namespace } = this.#settings;
    const path = `/api/v1/namespaces/${namespace}/pods/${podName(guestId)}/log`;
    const query = { container: CONTAINER, tailLines: TAIL_LINES, limitBytes: MAX_TAIL_BYTES };
    try {
      // What a pod in its place says is not what it said.
      if ((await this.#find(guestId, signal))?.podUid === undefined) return [];
      return lastLines(await this.#client.text({ method: "GET", path, query, signal }));
    } catch (error) {
      // It is not there, has not begun, or its node is lost with its log: what is known of its end counts without it.
      if (error instanceof KubernetesError && error.status !== 401 && error.status !== 403) return [];
      return rethrow(error);
    }
  }

  async exec(guestId: string, command: GuestCommand): Promise<GuestCommandResult> {
    try {
      const pod = await this.#find(guestId, command.signal);
      if (pod === undefined || !isRunning(pod)) throw new GuestNotRunningError(guestId);
      return await this.#exec(guestId, pod, command, MAX_OUTPUT_BYTES);
    } catch (error) {
      return rethrow(error, guestId);
    }
  }

  async look(guestId: string, readiness: Readiness | undefined, options: LookOptions): Promise<GuestHealth> {
    const { signal, isWatched = false, timeoutMs = LOOK_TIMEOUT_MS } = options;
    try {
      const pod = isWatched ? await this.#find(guestId, signal) : await this.#ask(guestId, signal);
      if (pod === undefined) return failed("its pod is gone");
      if (!isRunning(pod)) return failed(whyNotRunning(pod));
      if (readiness === undefined || readiness.kind === "timeout") return { ok: true };
      const run: RunInside = (argv) => this.#exec(guestId, pod, { argv, timeoutMs, signal }, MAX_PROBE_OUTPUT_BYTES);
      return await tryProbe(pod, readiness, run, { timeoutMs, signal });
    } catch (error) {
      return rethrow(error);
    }
  }

  async address(guestId: string, signal?: AbortSignal): Promise<string | undefined> {
    try {
      const pod = await this.#ask(guestId, signal);
      if (pod?.podUid === undefined) throw new GuestNotRunningError(guestId);
      return pod.metadata.labels?.[NETWORK_LABEL] === "none" ? undefined : pod.status?.podIP || undefined;
    } catch (error) {
      return rethrow(error);
    }
  }

  async pause(_guestId: string): Promise<void> {
    throw refused("a machine on Kubernetes cannot be paused", { isImpossible: true });
  }

  async resume(_guestId: string): Promise<void> {
    throw refused("a machine on Kubernetes cannot be paused", { isImpossible: true });
  }

  async remove(guestId: string, signal?: AbortSignal): Promise<void> {
    const { namespace } = this.#settings;
    try {
      const place = { client: this.#client, pods: this.#pods, namespace };
      const pod = await this.#find(guestId, signal);
      if (pod !== undefined) await removeGuest(place, pod, this.#until(signal));
    } catch (error) {
      throw this.#translate(error);
    }
  }

  async *watch({ signal, onOpen }: { signal: AbortSignal; onOpen: () => void }): AsyncGenerator<GuestEvent> {
    try {
      yield* watchGuests(this.#pods, this.#until(signal), onOpen);
    } catch (error) {
      signal.throwIfAborted();
      throw this.#translate(error);
    }
  }

  async list(signal?: AbortSignal): Promise<ObservedGuest[]> {
    await this.#ahead.sweep(signal).catch((error: unknown) => rethrow(error));
    const pods = await this.#pods.all(GUEST_LABEL, signal).catch((error: unknown) => rethrow(error));
    return pods.map((pod) => ({ guestId: guestIdOf(pod) ?? "", alive: isAlive(pod), paused: false }));
  }

  async listTrials(signal?: AbortSignal): Promise<TrialGuest[]> {
    const pods = await this.#pods.list(BUILD_LABEL, signal).catch((error: unknown) => rethrow(error));
    return pods.map((pod) => ({ guestId: guestIdOf(pod) ?? "", buildId: buildIdOf(pod) ?? "" }));
  }

  async hostSize(signal?: AbortSignal, placement?: string): Promise<HostSize | undefined> {
    const settings = placedSettings(this.#settings, placement);
    if (settings === undefined) return undefined;
    using late = answerTimeout(ASK_SIZE_MS);
    try {
      const both = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
      const nodes = await machineNodes(this.#client, settings.nodeSelector, both);
      const size = nodes && sizeOfNodes(nodes);
      return size && { ...size, sharesCpus: (settings.cpuOvercommit ?? 1) > 1 };
    } catch (error) {
      signal?.throwIfAborted();
      if (!isClusterAway(error) && !late.signal.aborted) throw error;
      return undefined;
    }
  }

  /** Finds out again and again, until the signal or {@link close} ends it, whether machines can be without internet access. */
  async proveIsolation(signal?: AbortSignal): Promise<void> {
    await this.#isolation?.run(this.#until(signal));
  }

  /** What machines are here. @throws EngineUnavailableError while the cluster does not say */
  async chosen(signal?: AbortSignal): Promise<ChosenGuests> {
    return this.#choice.get(signal).catch((error: unknown) => rethrow(error));
  }

  /** Asks for a sign of life, and of the permission to see guests. @throws EngineUnavailableError */
  async ping(signal?: AbortSignal): Promise<void> {
    await this.#pods.ping(signal).catch((error: unknown) => rethrow(error));
  }

  /** Ends every connection, and every wait. */
  async close(): Promise<void> {
    this.#closing.abort(new EngineUnavailableError("The service lets go of the cluster."));
    await this.#client.close();
  }

  get #whyConnected(): string | undefined {
    if (this.#isolation === undefined) return "the service writes no NetworkPolicy (--network-policy none)";
    return this.#isolation.problem;
  }

  /** @returns the guest as it was made; `undefined` for one that was made before */
  async #make(spec: GuestSpec, signal: AbortSignal | undefined): Promise<GuestPod | undefined> {
    const { kind, hasSandboxes } = await this.#choice.get(signal);
    const isPlaced = placedSettings(this.#settings, spec.placement) !== undefined;
    // A name is taken among objects of one kind only: one that was made as the other kind is looked for. So is one whose placement
    // has gone since, as it is not made again.
    const before = hasSandboxes || !isPlaced ? await this.#find(spec.guestId, signal) : undefined;
    const settings = before === undefined ? settingsOf(this.#settings, spec.placement) : undefined;
    const made = settings && (await createGuest(this.#client, kind, spec, settings));
    if (made === undefined) await this.#takeUp(spec.guestId, signal);
    return made;
  }

  /** The guest of a spec that was made before. */
  async #takeUp(guestId: string, signal: AbortSignal | undefined): Promise<void> {
    const pod = await this.#pods.get(podName(guestId), signal);
    // Gone between two requests: its next start makes it.
    if (pod === undefined) throw refused("its pod was deleted", { mayPass: true });
    if (!this.#isOwn(pod) || guestIdOf(pod) !== guestId) {
      throw refused(`a pod called ${podName(guestId)} exists that this service did not make`, {});
    }
    if (isAlive(pod)) return;
    const endedByHost = hostReason(pod) ?? "its pod is being deleted";
    const exit = exitOf(pod) ?? { exitCode: 137, outOfMemory: false, endedByHost };
    throw new MachineExitedError({ ...exit, logTail: await this.logs(guestId, signal) });
  }

  /** A guest as it is now; `undefined` also for what this service did not make. */
  async #ask(guestId: string, signal: AbortSignal | undefined): Promise<GuestPod | undefined> {
    const pod = await this.#pods.get(podName(guestId), signal);
    return pod !== undefined && this.#isOwn(pod) ? pod : undefined;
  }

  /** A guest as it was last told, if it was. */
  async #find(guestId: string, signal: AbortSignal | undefined): Promise<GuestPod | undefined> {
    return this.#pods.known(podName(guestId)) ?? this.#ask(guestId, signal);
  }

  #isOwn({ metadata }: Pod): boolean {
    return metadata.labels?.[INSTANCE_LABEL] === this.#settings.instanceId;
  }

  async #exec(guestId: string, pod: Pod, command: GuestCommand, maxBytes: number): Promise<GuestCommandResult> {
    const user = command.user ?? pod.metadata.annotations?.[USER_ANNOTATION];
    const place = { client: this.#client, namespace: this.#settings.namespace, pod: pod.metadata.name };
    try {
      return await execInGuest(place, { ...command, ...(user !== undefined && { user }) }, maxBytes);
    } catch (error) {
      if (!(error instanceof KubernetesError) || error.status === 401 || error.status === 403) throw error;
      // Its node will not run it, mostly because the guest has ended meanwhile.
      const now = await this.#ask(guestId, command.signal);
      if (now === undefined || !isRunning(now)) throw new GuestNotRunningError(guestId, error);
      throw error;
    }
  }

  async #cleanUp(guestId: string): Promise<void> {
    try {
      await this.remove(guestId, AbortSignal.timeout(CLEAN_UP_MS));
    } catch {
      // Why it did not start is what counts; its row goes next, and then it is a stray.
    }
  }

  /** The end of a wait: that of its caller, or of the driver. */
  #until(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
  }

  #translate(error: unknown): unknown {
    try {
      return rethrow(error);
    } catch (translated) {
      return translated;
    }
  }
}

function refuseEngineImage({ templateId, imageId }: MachineArtifact): void {
  if (!ENGINE_ID.test(imageId)) return;
  const is = "is on an engine, and in no registry that nodes could pull it from";
  throw new MachineImageMissingError(templateId, imageId, undefined, is);
}
