import { pauseUnless } from "pulumi-nullspace/concurrency";
import { asError } from "../../errors.ts";
import { KubernetesError } from "./client/errors.ts";
import { followList, listAll } from "./client/follow-list.ts";
import type { KubernetesClient } from "./client/kubernetes-client.ts";
import { ownSelector } from "./guest-labels.ts";
import { Pod } from "./objects.ts";
import { isAlive } from "./pod-state.ts";

/** However well the watch does, the server is asked for everything so often. */
const LIST_EVERY_MS = 60_000;

/** What is told of pods. */
export type PodChange =
  /** A pod came, or is otherwise than before. */
  | { readonly kind: "changed"; readonly pod: Pod }
  /** A pod went. */
  | { readonly kind: "gone"; readonly pod: Pod }
  /** Nothing is known for now. */
  | { readonly kind: "lost"; readonly error: unknown }
  /** Everything is known again, or for the first time. */
  | { readonly kind: "known" };

/**
 * The pods of a service, followed as long as somebody has use for it: one watch, however many wait for however many pods.
 */
export class GuestPods {
  /** Whether the pods are those that are there: a watch that goes on after a silence has yet to tell what happened in it. */
  #isComplete = false;
  #listedAtMs = -Infinity;
  readonly #client: KubernetesClient;
  readonly #path: string;
  readonly #selector: string;
  readonly #listeners = new Set<(change: PodChange) => void>();
  readonly #pods = new Map<string, Pod>();
  #holders = 0;
  #following: AbortController | undefined;
  #isKnown = false;

  constructor(client: KubernetesClient, namespace: string, instanceId: string) {
    this.#client = client;
    this.#path = `/api/v1/namespaces/${namespace}/pods`;
    this.#selector = ownSelector(instanceId);
  }

  /** Whether what has happened to a pod is known by now. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** A pod as it was last told; only while {@link isKnown}. */
  known(name: string): Pod | undefined {
    return this.#isKnown ? this.#pods.get(name) : undefined;
  }

  /** Asks for a pod, whoever made it. */
  async get(name: string, signal?: AbortSignal): Promise<Pod | undefined> {
    try {
      return await this.#client.json({ method: "GET", path: `${this.#path}/${name}`, signal }, Pod);
    } catch (error) {
      if (error instanceof KubernetesError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Asks for all pods of this service that also `more` selects. */
  async list(more: string, signal?: AbortSignal): Promise<Pod[]> {
    const query = { labelSelector: `${this.#selector},${more}` };
    return (await listAll(this.#client, { path: this.#path, query, object: Pod, signal })).objects;
  }

  /**
   * The pods of this service with a label: as they were told, if nothing can have been missed, else as the server answers. It is
   * asked once a minute in any case.
   */
  async all(label: string, signal?: AbortSignal): Promise<Pod[]> {
    const isFresh = performance.now() - this.#listedAtMs < LIST_EVERY_MS;
    if (this.#isKnown && this.#isComplete && isFresh) return this.#withLabel(label);
    const listed = await this.list(label, signal);
    this.#listedAtMs = performance.now();
    // After a silence the server's answer is the proof: once both say the same, what is told is all there is.
    this.#isComplete = this.#isKnown && areSame(listed, this.#withLabel(label));
    return listed;
  }

  /** Looks whether pods can be asked for. */
  async ping(signal?: AbortSignal): Promise<void> {
    const query = { labelSelector: this.#selector, limit: 1 };
    await this.#client.text({ method: "GET", path: this.#path, query, signal });
  }

  /** Is told of changes until it is disposed of. */
  listen(listener: (change: PodChange) => void): Disposable {
    this.#listeners.add(listener);
    this.#holders += 1;
    if (this.#following === undefined) void this.#follow((this.#following = new AbortController()).signal);
    return {
      [Symbol.dispose]: () => {
        if (!this.#listeners.delete(listener)) return;
        this.#holders -= 1;
        if (this.#holders > 0) return;
        this.#following?.abort();
        this.#following = undefined;
        this.#lose();
        this.#pods.clear();
      },
    };
  }

  /**
   * Waits until `judge` has something to say about a pod; it is shown each state that the pod comes to, `undefined` when there
   * is none.
   *
   * @param options.againMs it is also shown the same state again after so long
   * @param options.seen the pod as the server has just answered it, which may not have been told yet
   * @throws the client's error when nothing is known of the pod any more
   */
  async waitFor<T>(
    name: string,
    judge: (pod: Pod | undefined) => T | undefined,
    {
      signal,
      againMs,
      seen,
    }: { readonly signal: AbortSignal; readonly againMs?: number; readonly seen?: Pod | undefined },
  ): Promise<T> {
    let latest: { pod: Pod | undefined } | undefined;
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
      } else if (change.kind === "lost") note(undefined);
    });
    for (;;) {
      signal.throwIfAborted();
      wake = Promise.withResolvers<void>();
      const before = changes;
      // At the beginning it is as it was told last, or as whoever waits has just seen it.
      if (latest === undefined && this.#isKnown) {
        const pod = this.#pods.get(name) ?? seen;
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

  async #follow(signal: AbortSignal): Promise<void> {
    const query = { labelSelector: this.#selector };
    for await (const event of followList(this.#client, { path: this.#path, query, object: Pod, signal })) {
      if (signal.aborted) return;
      if (event.kind === "all") this.#replaceAll(event.objects);
      else if (event.kind === "changed") this.#set(event.object);
      else if (event.kind === "gone") this.#delete(event.object);
      else if (event.kind === "heard") this.#know();
      else {
        this.#lose();
        this.#tell({ kind: "lost", error: event.error });
      }
    }
  }

  /** What is not in a whole list has gone, and what is there under the same name may be another one. */
  #replaceAll(pods: readonly Pod[]): void {
    const names = new Set(pods.map(({ metadata }) => metadata.name));
    for (const pod of [...this.#pods.values()]) if (!names.has(pod.metadata.name)) this.#delete(pod);
    for (const pod of pods) this.#set(pod);
    this.#isComplete = true;
    this.#listedAtMs = performance.now();
    this.#know();
  }

  #set(pod: Pod): void {
    const before = this.#pods.get(pod.metadata.name);
    if (before !== undefined && before.metadata.uid !== pod.metadata.uid) this.#tell({ kind: "gone", pod: before });
    this.#pods.set(pod.metadata.name, pod);
    this.#tell({ kind: "changed", pod });
  }

  #delete(pod: Pod): void {
    this.#pods.delete(pod.metadata.name);
    this.#tell({ kind: "gone", pod });
  }

  #know(): void {
    this.#isKnown = true;
    this.#tell({ kind: "known" });
  }

  #lose(): void {
    this.#isKnown = false;
    this.#isComplete = false;
  }

  #withLabel(label: string): Pod[] {
    return [...this.#pods.values()].filter(({ metadata }) => metadata.labels?.[label] !== undefined);
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

/** Whether two looks at pods saw the same ones, alive or not. */
function areSame(some: readonly Pod[], others: readonly Pod[]): boolean {
  const keys = (pods: readonly Pod[]) => new Set(pods.map((pod) => `${pod.metadata.uid} ${isAlive(pod)}`));
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
