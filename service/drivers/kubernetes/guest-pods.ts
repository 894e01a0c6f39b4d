import { Backoff, pauseUnless } from "pulumi-nullspace/concurrency";
import type { z } from "zod";
import { asError } from "../../errors.ts";
import { AbsentPods } from "./absent-pods.ts";
import { isKindGone } from "./client/absent-kind.ts";
import { KubernetesError } from "./client/errors.ts";
import { listAll } from "./client/follow-list.ts";
import type { KubernetesClient } from "./client/kubernetes-client.ts";
import { FollowedObjects } from "./followed-objects.ts";
import { ONLY_PODS, type GuestChoice } from "./guest-choice.ts";
import { PODS, SANDBOXES, type GuestKind } from "./guest-kinds.ts";
import { ownSelector } from "./guest-labels.ts";
import { guestPod, sandboxOwner, type GuestPod } from "./guest-pod.ts";
import { Pod, Sandbox } from "./objects.ts";
import { isAlive, isLeaving } from "./pod-state.ts";

/** However well the watches do, the server is asked for everything so often. */
const LIST_EVERY_MS = 60_000;

/** What is told of the pods of guests. */
export type PodChange =
  /** A pod came, or is otherwise than before. */
  | { readonly kind: "changed"; readonly pod: GuestPod }
  /** A pod went. */
  | { readonly kind: "gone"; readonly pod: GuestPod }
  /** Nothing is known for now. */
  | { readonly kind: "lost"; readonly error: unknown }
  /** Everything is known again, or for the first time. */
  | { readonly kind: "known" };

const RETRY_MS = { first: 250, most: 15_000 };

/**
 * The guests of a service, each as the pod that it is ({@link guestPod}), followed as long as somebody has use for it: one watch of
 * pods and one of Sandboxes where there are such, however many wait for however many guests.
 *
 * The two watches know nothing of one another: what is told of a pod may come before what is told of its Sandbox.
 */
export class GuestPods {
  readonly #client: KubernetesClient;
  readonly #namespace: string;
  readonly #selector: string;
  readonly #choice: Pick<GuestChoice, "get">;
  readonly #listeners = new Set<(change: PodChange) => void>();
  readonly #pods: FollowedObjects<Pod>;
  readonly #sandboxes: FollowedObjects<Sandbox>;
  /** What was told last. */
  readonly #guests = new Map<string, GuestPod>();
  /** Sandboxes that are known to have gone, of pods that are still there: by name. */
  readonly #goneSandboxes = new Map<string, string>();
  readonly #absent = new AbsentPods({
    ask: (name, signal) => this.#getOne(PODS, name, Pod, signal),
    onAnswer: (name) => (this.#isKnown ? this.#look(name) : this.#know()),
  });
  #holders = 0;
  #following: AbortController | undefined;
  #hasSandboxes: boolean | undefined;
  #isKnown = false;
  /** The server has said that what is told is all there is. */
  #isProved = false;
  #listedAtMs = -Infinity;

  /** @param choice what guests are. @default bare pods */
  constructor(
    client: KubernetesClient,
    namespace: string,
    instanceId: string,
    choice: Pick<GuestChoice, "get"> = ONLY_PODS,
  ) {
    this.#client = client;
    this.#namespace = namespace;
    this.#selector = ownSelector(instanceId);
    this.#choice = choice;
    const told = {
      selector: this.#selector,
      onChange: (name: string) => this.#isKnown && this.#look(name),
      onKnown: () => this.#know(),
      onLost: (error: unknown) => this.#lose(error),
    };
    this.#pods = new FollowedObjects<Pod>(client, {
      ...told,
      path: PODS.path(namespace),
      object: Pod,
      onGone: ({ metadata }) => this.#goneSandboxes.delete(metadata.name),
    });
    this.#sandboxes = new FollowedObjects<Sandbox>(client, {
      ...told,
      path: SANDBOXES.path(namespace),
      object: Sandbox,
      onGone: ({ metadata: { name, uid } }) => {
        const pod = this.#pods.get(name);
        if (pod !== undefined && sandboxOwner(pod) === uid) this.#goneSandboxes.set(name, uid);
      },
    });
  }

  /** Whether what has happened to a guest is known by now. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** A guest as it was last told; only while {@link isKnown}. */
  known(name: string): GuestPod | undefined {
    return this.#isKnown ? this.#guests.get(name) : undefined;
  }

  /** All guests as they were last told; none while not {@link isKnown}. */
  knownGuests(): readonly GuestPod[] {
    return this.#isKnown ? [...this.#guests.values()] : [];
  }

  /** Asks for a guest, whoever made it. */
  async get(name: string, signal?: AbortSignal): Promise<GuestPod | undefined> {
    const { hasSandboxes } = await this.#choice.get(signal);
    const pod = await this.#getOne(PODS, name, Pod, signal);
    // Asked for last: one that is not there then has gone, and does not only come later than its pod.
    const sandbox = hasSandboxes ? await this.#getOne(SANDBOXES, name, Sandbox, signal) : undefined;
    return this.#whole(guestPod(sandbox, pod), signal);
  }

  /** Asks for all guests of this service that also `more` selects. */
  async list(more: string, signal?: AbortSignal): Promise<GuestPod[]> {
    const { hasSandboxes } = await this.#choice.get(signal);
    const query = { labelSelector: `${this.#selector},${more}` };
    const listOf = <T>(kind: GuestKind, object: z.ZodType<T>) =>
      listAll(this.#client, { path: kind.path(this.#namespace), query, object, signal });
    const pods = (await listOf(PODS, Pod)).objects;
    const none = async (error: unknown) => {
      if (await isKindGone(this.#client, error, SANDBOXES.path(this.#namespace), signal)) return { objects: [] };
      throw error;
    };
    const sandboxes = hasSandboxes ? (await listOf(SANDBOXES, Sandbox).catch(none)).objects : [];
    const byName = new Map(sandboxes.map((each) => [each.metadata.name, each]));
    const podsByName = new Map(pods.map((each) => [each.metadata.name, each]));
    const names = new Set([...podsByName.keys(), ...byName.keys()]);
    const guests: GuestPod[] = [];
    for (const name of names) {
      const guest = await this.#whole(guestPod(byName.get(name), podsByName.get(name)), signal);
      if (guest !== undefined) guests.push(guest);
    }
    return guests;
  }

  /**
   * The guests of this service with a label: as they were told, if nothing can have been missed, else as the server answers. It is
   * asked once a minute in any case.
   */
  async all(label: string, signal?: AbortSignal): Promise<GuestPod[]> {
    const followed = this.#hasSandboxes === true ? [this.#pods, this.#sandboxes] : [this.#pods];
    const listedAtMs = Math.max(this.#listedAtMs, Math.min(...followed.map((each) => each.listedAtMs)));
    const isFresh = performance.now() - listedAtMs < LIST_EVERY_MS;
    // A watch that goes on after a silence has yet to tell what happened in it.
    const isComplete = this.#isProved || followed.every((each) => each.isComplete);
    const isWhole = this.#absent.areNone && !this.#hasEarlyPods();
    if (this.#isKnown && isComplete && isFresh && isWhole) return this.#withLabel(label);
    const listed = await this.list(label, signal);
    this.#listedAtMs = performance.now();
    // After a silence the server's answer is the proof: once both say the same, what is told is all there is.
    this.#isProved = this.#isKnown && areSame(listed, this.#withLabel(label));
    return listed;
  }

  /** Looks whether guests can be asked for, and made. @throws KubernetesError */
  async ping(signal?: AbortSignal): Promise<void> {
    const { kind } = await this.#choice.get(signal);
    const query = { labelSelector: this.#selector, limit: 1 };
    for (const { path } of new Set([PODS, kind])) {
      await this.#client.text({ method: "GET", path: path(this.#namespace), query, signal });
    }
  }

  /** Is told of changes until it is disposed of. */
  listen(listener: (change: PodChange) => void): Disposable {
    this.#listeners.add(listener);
    this.#holders += 1;
    if (this.#following === undefined) this.#follow((this.#following = new AbortController()).signal);
    return {
      [Symbol.dispose]: () => {
        if (!this.#listeners.delete(listener)) return;
        this.#holders -= 1;
        if (this.#holders > 0) return;
        this.#following?.abort();
        this.#following = undefined;
        this.#isKnown = false;
        this.#isProved = false;
        this.#pods.forget();
        this.#sandboxes.forget();
        this.#goneSandboxes.clear();
        this.#absent.forget();
        this.#guests.clear();
      },
    };
  }

  /**
   * Waits until `judge` has something to say about a guest; it is shown each state that the guest comes to, `undefined` when there
   * is none.
   *
   * @param options.againMs it is also shown the same state again after so long
   * @param options.seen the guest as the server has just answered it, which may not have been told yet
   * @throws the client's error when nothing is known of the guest any more
   */
  async waitFor<T>(
    name: string,
    judge: (pod: GuestPod | undefined) => T | undefined,
    {
      signal,
      againMs,
      seen,
    }: { readonly signal: AbortSignal; readonly againMs?: number; readonly seen?: GuestPod | undefined },
  ): Promise<T> {
    let latest: { pod: GuestPod | undefined } | undefined;
    let changes = 0;
    let wake = Promise.withResolvers<void>();
    const note = (next: typeof latest) => {
      latest = next;
      changes += 1;
      wake.resolve();
    };
    using _listening = this.listen((change) => {
      if (change.kind === "changed" || change.kind === "gone") {
        if (change.pod.metadata.name === name) note({ pod: change.kind === "gone" ? undefined : change.pod });
        // Lost: it is asked for. Known: what went before the first list was told to nobody.
      } else note(undefined);
    });
    let first = seen;
    for (;;) {
      signal.throwIfAborted();
      wake = Promise.withResolvers<void>();
      const before = changes;
      // At the beginning it is as it was told last, or as whoever waits has just seen it.
      if (latest === undefined && this.#isKnown) {
        const pod = this.#guests.get(name) ?? first;
        first = undefined;
        if (pod !== undefined) latest = { pod };
      }
      // Not known, or the watch has broken off: it is asked for, unless it is told meanwhile.
      if (latest === undefined) {
        const pod = await this.get(name, signal);
        if (changes === before) latest = { pod };
        else continue;
      }
      const verdict = judge(latest.pod);
      if (verdict !== undefined) return verdict;
      await waitOrAgain(wake.promise, signal, againMs);
    }
  }

  /** A guest of an answer that was put together of two: it may have begun in between, with a pod that came after the first. */
  async #whole(guest: GuestPod | undefined, signal: AbortSignal | undefined): Promise<GuestPod | undefined> {
    if (guest?.sandbox === undefined || guest.absentUid === undefined) return guest;
    return guestPod(guest.sandbox, await this.#getOne(PODS, guest.metadata.name, Pod, signal));
  }

  async #getOne<T>(kind: GuestKind, name: string, object: z.ZodType<T>, signal?: AbortSignal) {
    try {
      const path = `${kind.path(this.#namespace)}/${name}`;
      return await this.#client.json({ method: "GET", path, signal }, object);
    } catch (error) {
      if (error instanceof KubernetesError && error.status === 404) return undefined;
      throw error;
    }
  }

  #follow(signal: AbortSignal): void {
    void this.#pods.follow(signal);
    void (async () => {
      const hasSandboxes = await this.#untilChosen(signal);
      if (signal.aborted) return;
      this.#hasSandboxes = hasSandboxes;
      if (hasSandboxes) await this.#sandboxes.follow(signal);
      else this.#know();
    })();
  }

  /** Whether there are Sandboxes to follow; tells that nothing is known as long as the cluster does not say. */
  async #untilChosen(signal: AbortSignal): Promise<boolean> {
    const backoff = new Backoff(RETRY_MS);
    while (!signal.aborted) {
      try {
        return (await this.#choice.get(signal)).hasSandboxes;
      } catch (error) {
        if (!signal.aborted) this.#lose(error);
        await pauseUnless(backoff.next(), signal);
      }
    }
    return false;
  }

  /** Once both are known, everything that happened until then is told first. */
  #know(): void {
    const isAll = this.#pods.isKnown && (this.#hasSandboxes === false || this.#sandboxes.isKnown);
    if (!isAll || this.#following === undefined) return;
    for (const name of new Set([...this.#guests.keys(), ...this.#pods.names(), ...this.#sandboxes.names()])) {
      this.#look(name);
    }
    if (this.#absent.areAsked && !this.#isKnown) return;
    this.#isKnown = true;
    this.#tell({ kind: "known" });
  }

  #lose(error: unknown): void {
    this.#isKnown = false;
    this.#isProved = false;
    this.#tell({ kind: "lost", error });
  }

  #look(name: string): void {
    const before = this.#guests.get(name);
    const now = this.#now(name);
    if (before !== undefined && before.metadata.uid !== now?.metadata.uid) {
      this.#guests.delete(name);
      this.#tell({ kind: "gone", pod: before });
    }
    if (now === undefined) return;
    this.#guests.set(name, now);
    this.#tell({ kind: "changed", pod: now });
  }

  #now(name: string): GuestPod | undefined {
    const [sandbox, pod] = [this.#sandboxes.get(name), this.#pods.get(name)];
    if (sandbox === undefined && pod !== undefined && this.#isEarly(pod)) return undefined;
    const guest = guestPod(sandbox, pod);
    const before = this.#guests.get(name);
    if (guest?.podUid !== undefined) this.#absent.note(guest.podUid);
    if (guest?.absentUid === undefined || isLeaving(guest) || this.#absent.isLost(guest, before)) return guest;
    if (this.#following !== undefined) this.#absent.askFor(guest, this.#pods.listedAtMs, this.#following.signal);
    // Until then it is as it was told last.
    return before?.metadata.uid === guest.metadata.uid ? before : undefined;
  }

  /** Told before its Sandbox, which comes: unless that is known to have gone, or the pod is going itself. */
  #isEarly(pod: Pod): boolean {
    const owner = sandboxOwner(pod);
    return owner !== undefined && owner !== this.#goneSandboxes.get(pod.metadata.name) && !isLeaving(pod);
  }

  #hasEarlyPods(): boolean {
    const names = [...this.#pods.names()].filter((name) => this.#sandboxes.get(name) === undefined);
    return names.some((name) => this.#isEarly(this.#pods.get(name)!));
  }

  #withLabel(label: string): GuestPod[] {
    return [...this.#guests.values()].filter(({ metadata }) => metadata.labels?.[label] !== undefined);
  }

  #tell(change: PodChange): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(change);
      } catch (error) {
        // Its fault is its own: everybody else waits for what is told next.
        process.emitWarning(asError(error));
      }
    }
  }
}

/** Whether two looks at guests saw the same ones, alive or not. */
function areSame(some: readonly GuestPod[], others: readonly GuestPod[]): boolean {
  const keys = (pods: readonly GuestPod[]) => new Set(pods.map((pod) => `${pod.metadata.uid} ${isAlive(pod)}`));
  const [left, right] = [keys(some), keys(others)];
  return left.size === right.size && [...left].every((key) => right.has(key));
}

async function waitOrAgain(wake: Promise<void>, signal: AbortSignal, againMs: number | undefined): Promise<void> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  try {
    await Promise.race([wake, againMs === undefined ? aborted(either) : pauseUnless(againMs, either)]);
  } finally {
    over.abort();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
