import type { NullspaceClient } from "../../../sdk/client/index.ts";
import { WrongNamespaceError } from "../../errors.ts";
import type { OperationContext } from "../operation-context.ts";
import { clientFor } from "../provider-config.ts";
import { orGone } from "../service-errors.ts";

/** Namespaces that have been found to be the key's own. A cache: a key does not change while a client lives. */
const own = new WeakMap<NullspaceClient, Set<string>>();

/**
 * Makes sure that the API key is of the namespace. The service builds into the key's own alone, so that nothing else can be
 * asked of it.
 *
 * @throws WrongNamespaceError when it is not
 */
export async function requireNamespace(
  namespace: string | undefined,
  { config, signal }: Pick<OperationContext, "config" | "signal">,
): Promise<void> {
  if (namespace === undefined) return;
  const client = clientFor(config);
  const known = own.get(client) ?? new Set();
  own.set(client, known);
  if (known.has(namespace)) return;
  const found = await orGone(client.templates.getNamespace(namespace, { signal }));
  if (found?.is_default !== true) throw new WrongNamespaceError(namespace, client.baseUrl);
  known.add(namespace);
}
