import { answerTimeout } from "../../../sdk/concurrency/index.ts";
import { NullspaceError } from "../../../sdk/errors.ts";
import type { NullspaceClient } from "../../../sdk/client/index.ts";
import { orGone } from "../service-errors.ts";
import type { ServiceRecord } from "./service-outputs.ts";

/** A preview does not wait for a service that does not answer. */
const IDENTITY_TIMEOUT_MS = 5_000;

interface Known {
  id?: Promise<string | undefined>;
  namespaces: Map<string, Promise<boolean | undefined>>;
}

/** What has been asked of each service already: it does not change while a client lives. A cache. */
const known = new WeakMap<NullspaceClient, Known>();

/** What the service calls itself; undefined where it does not tell, or does not answer. */
export function instanceId(client: NullspaceClient): Promise<string | undefined> {
  const entry = entryOf(client);
  entry.id ??= readInstanceId(client);
  return entry.id;
}

/**
 * The service as a resource records it.
 *
 * @param ref a template of the resource: by its namespace, or by what its bare name leads to, the caller's own is found
 */
export async function recordService(client: NullspaceClient, ref: string | undefined): Promise<ServiceRecord> {
  const [id, namespace] = await Promise.all([
    instanceId(client),
    ref === undefined ? undefined : ownNamespace(client, ref),
  ]);
  return { url: client.baseUrl, ...(id !== undefined && { id }), ...(namespace !== undefined && { namespace }) };
}

async function ownNamespace(client: NullspaceClient, ref: string): Promise<string | undefined> {
  const namespace = ref.includes("/") ? ref.slice(0, ref.indexOf("/")) : await namespaceOfBareName(client, ref);
  if (namespace === undefined) return undefined;
  return (await isOwnNamespace(client, namespace)) === true ? namespace : undefined;
}

/** Is it the API key's own namespace? undefined where the service does not tell, or does not answer. */
export function isOwnNamespace(client: NullspaceClient, namespace: string): Promise<boolean | undefined> {
  const { namespaces } = entryOf(client);
  const asked = namespaces.get(namespace) ?? ifItAnswers((signal) => readIsOwn(client, namespace, signal));
  namespaces.set(namespace, asked);
  return asked;
}

/**
 * The same, asked again unless it is known that it is.
 *
 * @throws the failure of a service that does not answer
 */
export async function isSurelyOwnNamespace(
  client: NullspaceClient,
  namespace: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { namespaces } = entryOf(client);
  if ((await namespaces.get(namespace)) === true) return true;
  const isOwn = await readIsOwn(client, namespace, signal);
  namespaces.set(namespace, Promise.resolve(isOwn));
  return isOwn;
}

/** A bare name is one of the caller's own namespace, or a builtin's. */
function namespaceOfBareName(client: NullspaceClient, name: string): Promise<string | undefined> {
  return ifItAnswers(async (signal) => {
    const info = await orGone(client.templates.get(name, { signal }));
    return info?.canonical_ref.includes("/") === true ? info.canonical_ref.split("/")[0] : undefined;
  });
}

function readInstanceId(client: NullspaceClient): Promise<string | undefined> {
  return ifItAnswers(async (signal) => (await client.health({ signal })).instance_id);
}

async function readIsOwn(client: NullspaceClient, namespace: string, signal: AbortSignal): Promise<boolean> {
  return (await orGone(client.templates.getNamespace(namespace, { signal })))?.is_default === true;
}

/** A service that does not tell is no reason to stop: what depends on the answer does without. */
async function ifItAnswers<Value>(ask: (signal: AbortSignal) => Promise<Value>): Promise<Value | undefined> {
  using timeout = answerTimeout(IDENTITY_TIMEOUT_MS);
  try {
    return await ask(timeout.signal);
  } catch (error) {
    const isTimeout = error instanceof DOMException && error.name === "TimeoutError";
    if (error instanceof NullspaceError || isTimeout) return undefined;
    throw error;
  }
}

function entryOf(client: NullspaceClient): Known {
  let entry = known.get(client);
  if (entry === undefined) known.set(client, (entry = { namespaces: new Map() }));
  return entry;
}
