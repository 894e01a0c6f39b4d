import { WrongNamespaceError } from "../../errors.ts";
import type { OperationContext } from "../operation-context.ts";
import { clientFor } from "../provider-config.ts";
import { isSurelyOwnNamespace } from "./current-service.ts";

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
  if (await isSurelyOwnNamespace(client, namespace, signal)) return;
  throw new WrongNamespaceError(namespace, client.baseUrl);
}
