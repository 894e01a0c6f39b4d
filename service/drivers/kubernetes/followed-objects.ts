import type { z } from "zod";
import { followList } from "./client/follow-list.ts";
import type { KubernetesClient } from "./client/kubernetes-client.ts";

/** What every object has. */
interface NamedObject {
  readonly metadata: { readonly name: string; readonly uid: string };
}

/** What is followed, and who is told of it. */
export interface FollowedOptions<T> {
  /** Of the list. */
  readonly path: string;
  readonly selector: string;
  readonly object: z.ZodType<T>;
  /** An object of this name came, went or is otherwise than before. */
  readonly onChange: (name: string) => void;
  /** An object went; as it was last. Told before {@link onChange}. */
  readonly onGone: (object: T) => void;
  /** Everything is known, for the first time or again. */
  readonly onKnown: () => void;
  /** Nothing is known for now. */
  readonly onLost: (error: unknown) => void;
}

/** The objects of a list as they were last told, while somebody follows them. */
export class FollowedObjects<T extends NamedObject> {
  readonly #client: KubernetesClient;
  readonly #options: FollowedOptions<T>;
  readonly #objects = new Map<string, T>();
  #isKnown = false;
  #isComplete = false;
  #listedAtMs = -Infinity;

  constructor(client: KubernetesClient, options: FollowedOptions<T>) {
    this.#client = client;
    this.#options = options;
  }

  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** Whether nothing has been missed: there was no silence since everything was listed. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** When everything was listed last, by `performance.now()`. */
  get listedAtMs(): number {
    return this.#listedAtMs;
  }

  get(name: string): T | undefined {
    return this.#objects.get(name);
  }

  names(): Iterable<string> {
    return this.#objects.keys();
  }

  /** Goes on until the signal ends it. */
  async follow(signal: AbortSignal): Promise<void> {
    const { path, selector, object, onLost } = this.#options;
    const query = { labelSelector: selector };
    for await (const event of followList(this.#client, { path, query, object, signal })) {
      if (signal.aborted) return;
      if (event.kind === "all") this.#replaceAll(event.objects);
      else if (event.kind === "changed") this.#set(event.object);
      else if (event.kind === "gone") this.#delete(event.object);
      else if (event.kind === "heard") this.#know();
      // There are none of a kind that the cluster does not know any more; it is asked for again all the same.
      else if (event.kind === "absent") this.#replaceAll([]);
      else {
        this.#isKnown = false;
        this.#isComplete = false;
        onLost(event.error);
      }
    }
  }

  /** Knows nothing any more. */
  forget(): void {
    this.#isKnown = false;
    this.#isComplete = false;
    this.#objects.clear();
  }

  /** What is not in a whole list has gone, and what is there under the same name may be another one. */
  #replaceAll(objects: readonly T[]): void {
    const names = new Set(objects.map(({ metadata }) => metadata.name));
    for (const each of [...this.#objects.values()]) if (!names.has(each.metadata.name)) this.#delete(each);
    for (const each of objects) this.#set(each);
    this.#isComplete = true;
    this.#listedAtMs = performance.now();
    this.#know();
  }

  #set(object: T): void {
    const { name, uid } = object.metadata;
    const before = this.#objects.get(name);
    if (before !== undefined && before.metadata.uid !== uid) this.#delete(before);
    this.#objects.set(name, object);
    this.#options.onChange(name);
  }

  #delete(object: T): void {
    this.#objects.delete(object.metadata.name);
    this.#options.onGone(object);
    this.#options.onChange(object.metadata.name);
  }

  #know(): void {
    this.#isKnown = true;
    this.#options.onKnown();
  }
}
