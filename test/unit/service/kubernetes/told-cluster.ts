import { Readable } from "node:stream";
import type { z } from "zod";
import { KubernetesAwayError, KubernetesError } from "../../../../service/drivers/kubernetes/client/errors.ts";
import type { ApiRequest, KubernetesClient } from "../../../../service/drivers/kubernetes/client/kubernetes-client.ts";

/** A list of the API. */
export type ListKind = "pods" | "sandboxes";

/** What happens to an object of a list. */
export interface Change {
  readonly list: ListKind;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  /** With `metadata.name`; it gets its `resourceVersion` here. */
  readonly object: { readonly metadata: { readonly name: string } };
}

/** What one list has been through, and who is told of it. */
class FollowedList {
  readonly objects = new Map<string, object>();
  readonly history: { version: number; line: string; name: string }[] = [];
  /** Names of objects that were told of, or listed. */
  readonly shown = new Set<string>();
  /** The connection of the watch, and what it is told next. */
  watch: { stream: Readable; next: number } | undefined;
  /** Resolves when there is a watch. */
  opened = Promise.withResolvers<void>();
}

/**
 * An API server of ours with two lists, in which things happen at once, and which tells of them when a test has it do so: each list
 * in its order, and neither knowing of the other. It is as much of a client as followers use.
 */
export class ToldCluster {
  readonly #lists: Record<ListKind, FollowedList> = { pods: new FollowedList(), sandboxes: new FollowedList() };
  #version = 1;

  /** Has something happen, of which nobody is told yet. */
  happen({ list, type, object }: Change): void {
    const followed = this.#lists[list];
    this.#version += 1;
    const metadata = { ...object.metadata, resourceVersion: String(this.#version) };
    const now = { ...object, metadata };
    if (type === "DELETED") followed.objects.delete(metadata.name);
    else followed.objects.set(metadata.name, now);
    followed.history.push({
      version: this.#version,
      line: `${JSON.stringify({ type, object: now })}\n`,
      name: metadata.name,
    });
  }

  /** Tells of the next thing that has happened in a list. @returns whether there was one */
  async tellNext(list: ListKind): Promise<boolean> {
    const followed = this.#lists[list];
    await followed.opened.promise;
    const { watch, history } = followed;
    const told = watch && history[watch.next];
    if (told === undefined || watch === undefined) return false;
    watch.next += 1;
    watch.stream.push(told.line);
    followed.shown.add(told.name);
    await nextTurn();
    return true;
  }

  /** Whether an object of this name was ever told of, or listed: what came and went in between was not. */
  hasShown(list: ListKind, name: string): boolean {
    return this.#lists[list].shown.has(name);
  }

  /** Says that it no longer knows what happened: whoever follows has to list. */
  async expire(list: ListKind): Promise<void> {
    const followed = this.#lists[list];
    await followed.opened.promise;
    const { stream } = followed.watch!;
    this.#close(followed);
    stream.push(`${JSON.stringify({ type: "ERROR", object: { code: 410, reason: "Expired", message: "too old" } })}\n`);
    await nextTurn();
  }

  /** Breaks a watch off. */
  async breakOff(list: ListKind): Promise<void> {
    const followed = this.#lists[list];
    await followed.opened.promise;
    const { stream } = followed.watch!;
    this.#close(followed);
    stream.destroy(new Error("broken off"));
    await nextTurn();
  }

  /** Of {@link KubernetesClient} what lists and watches need. */
  get client(): KubernetesClient {
    const client: Pick<KubernetesClient, "json" | "stream" | "awayError"> = {
      json: async <S extends z.ZodType>({ path }: ApiRequest, schema: S) => {
        const [, list, name] = /\/(pods|sandboxes)(?:\/(.+))?$/.exec(path) ?? [];
        const { objects, shown } = this.#lists[list as ListKind];
        if (name !== undefined) return schema.parse(objects.get(name) ?? notFound(name));
        for (const name of objects.keys()) shown.add(name);
        return schema.parse({
          metadata: { resourceVersion: String(this.#version) },
          items: [...objects.values()],
        });
      },
      stream: async ({ path, query, signal }: ApiRequest) => {
        const followed = this.#listOf(path);
        const since = Number(query?.resourceVersion);
        const at = followed.history.findIndex(({ version }) => version > since);
        const stream = new Readable({ read: () => undefined });
        const watch = { stream, next: at < 0 ? followed.history.length : at };
        followed.watch = watch;
        followed.opened.resolve();
        signal?.addEventListener("abort", () => {
          if (followed.watch === watch) this.#close(followed);
          stream.destroy();
        });
        return stream;
      },
      awayError: (request, cause) => new KubernetesAwayError("of the test", request, String(cause)),
    };
    return client as KubernetesClient;
  }

  #listOf(path: string): FollowedList {
    return this.#lists[path.endsWith("/pods") ? "pods" : "sandboxes"];
  }

  #close(followed: FollowedList): void {
    followed.watch = undefined;
    followed.opened = Promise.withResolvers();
  }
}

function notFound(name: string): never {
  throw new KubernetesError("of the test", { status: 404, reason: "NotFound", causes: [], message: name });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
