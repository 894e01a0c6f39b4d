import { Backoff, pauseUnless } from "pulumi-nullspace/concurrency";
import { NullspaceError } from "pulumi-nullspace/sdk";
import * as z from "zod";
import { isKindGone } from "./absent-kind.ts";
import { KubernetesError } from "./errors.ts";
import { readJsonLines } from "./json-lines.ts";
import type { ApiRequest, KubernetesClient } from "./kubernetes-client.ts";

/** What {@link followList} tells. */
export type ListEvent<T> =
  /** All that there is: at the beginning, and whenever the server no longer knows what happened in between. */
  | { readonly kind: "all"; readonly objects: readonly T[] }
  /** An object came, or is otherwise than before. */
  | { readonly kind: "changed"; readonly object: T }
  /** An object went; as it was last. */
  | { readonly kind: "gone"; readonly object: T }
  /** The cluster does not know this kind of object (any more). When it does, all that there is is told. */
  | { readonly kind: "absent" }
  /** Nothing is heard for now; what happens meanwhile is told when `heard` comes. Told again when it has another cause. */
  | { readonly kind: "lost"; readonly error: NullspaceError }
  /** The server tells again. */
  | { readonly kind: "heard" };

/** What is followed. */
export interface FollowOptions<S extends z.ZodType> {
  /** Of the list, such as `/api/v1/namespaces/default/pods`. */
  readonly path: string;
  readonly query?: ApiRequest["query"];
  /** What is read of an object. */
  readonly object: S;
  /** Ends it. */
  readonly signal: AbortSignal;
}

const PAGE = 500;
const RETRY_MS = { first: 250, most: 15_000 };
/** A watch is ended by the server after so long, at different times for different followers. */
const WATCH_SECONDS = { least: 240, most: 360 };

const ListMeta = z.looseObject({ resourceVersion: z.string(), continue: z.string().nullish() });
const Bookmark = z.looseObject({ metadata: z.looseObject({ resourceVersion: z.string() }) });
const WatchEvent = z.looseObject({
  type: z.enum(["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"]),
  object: z.unknown(),
});
const WatchError = z.looseObject({
  code: z.number().nullish(),
  reason: z.string().nullish(),
  message: z.string().nullish(),
});

/** The server no longer has what happened since: a list is needed. */
class ExpiredError extends Error {}

/**
 * Tells what is in a list of the API, and from then on every change of it, through connections that break, servers that
 * restart, and histories that are no longer kept (410). Nothing is missed: what cannot be told any more is told by another
 * `all`. It goes on until the signal ends it.
 */
export async function* followList<S extends z.ZodType>(
  client: KubernetesClient,
  options: FollowOptions<S>,
): AsyncGenerator<ListEvent<z.infer<S>>> {
  const { signal } = options;
  const backoff = new Backoff(RETRY_MS);
  let version: string | undefined;
  /** Why nothing is heard, as it was told. */
  let silence: string | undefined;
  while (!signal.aborted) {
    try {
      if (version === undefined) {
        const { objects, resourceVersion } = await listAll(client, options);
        yield { kind: "all", objects };
        version = resourceVersion;
      }
      const request = watchRequest(options, version);
      const lines = readJsonLines(await client.stream(request));
      if (silence !== undefined) yield { kind: "heard" };
      silence = undefined;
      for await (const line of lines) {
        const { type, object } = WatchEvent.parse(line);
        if (type === "ERROR") throw watchError(object);
        // Also of an object that is told: from there on the next watch goes on.
        version = Bookmark.parse(object).metadata.resourceVersion;
        backoff.reset();
        if (type !== "BOOKMARK")
          yield { kind: type === "DELETED" ? "gone" : "changed", object: options.object.parse(object) };
      }
      // The end of its time, or a server that stops in good order.
      await pauseUnless(jitter(backoff.next()), signal);
    } catch (error) {
      if (signal.aborted) return;
      const isExpired = error instanceof ExpiredError || (error instanceof KubernetesError && error.status === 410);
      // What this client cannot read would come again and again: a list has the same in a whole answer.
      if (isExpired || error instanceof z.ZodError || error instanceof SyntaxError || error instanceof RangeError) {
        version = undefined;
      }
      if (!isExpired) {
        const told = await silenceOf(client, options, error);
        if (signal.aborted) return;
        if (told.kind === "absent") version = undefined;
        const why = told.kind === "absent" ? told.kind : causeOf(told.error);
        if (why !== silence) yield told;
        silence = why;
      }
      const asked = error instanceof KubernetesError ? (error.retryAfterMs ?? 0) : 0;
      await pauseUnless(jitter(Math.max(asked, backoff.next())), signal);
    }
  }
}

/** What is told of a watch or a list that failed. */
async function silenceOf(
  client: KubernetesClient,
  { path, signal }: FollowOptions<z.ZodType>,
  error: unknown,
): Promise<{ kind: "absent" } | { kind: "lost"; error: NullspaceError }> {
  if (await isKindGone(client, error, path, signal)) return { kind: "absent" };
  return { kind: "lost", error: error instanceof NullspaceError ? error : client.awayError("a watch", error) };
}

/** The same for errors that say the same of the cluster, whichever try they are of. */
function causeOf(error: NullspaceError): string {
  return error instanceof KubernetesError ? `${error.code} ${error.status} ${error.reason}` : error.code;
}

/** The whole list, page by page, as it was at one moment. */
export async function listAll<S extends z.ZodType>(
  client: KubernetesClient,
  { path, query, object, signal }: Omit<FollowOptions<S>, "signal"> & { readonly signal?: AbortSignal | undefined },
): Promise<{ objects: z.infer<S>[]; resourceVersion: string }> {
  const Page = z.looseObject({ metadata: ListMeta, items: z.array(object).nullish() });
  const objects: z.infer<S>[] = [];
  for (let token: string | undefined; ;) {
    const page: z.infer<typeof Page> = await client.json(
      { method: "GET", path, query: { ...query, limit: PAGE, continue: token }, signal },
      Page,
    );
    objects.push(...((page.items ?? []) as z.infer<S>[]));
    token = page.metadata.continue || undefined;
    if (token === undefined) return { objects, resourceVersion: page.metadata.resourceVersion };
  }
}

function watchRequest({ path, query, signal }: FollowOptions<z.ZodType>, resourceVersion: string): ApiRequest {
  const { least, most } = WATCH_SECONDS;
  const timeoutSeconds = Math.round(least + Math.random() * (most - least));
  return {
    method: "GET",
    path,
    query: { ...query, watch: true, allowWatchBookmarks: true, resourceVersion, timeoutSeconds },
    signal,
  };
}

function watchError(object: unknown): Error {
  const { code, reason, message } = WatchError.parse(object);
  if (code === 410) return new ExpiredError(message ?? "expired");
  return new KubernetesError("a watch", {
    status: code ?? 500,
    reason: reason ?? "",
    causes: [],
    message: message ?? "",
  });
}

/** Followers that lost the same server do not come back at the same moment. */
function jitter(ms: number): number {
  return ms * (0.5 + Math.random() / 2);
}
