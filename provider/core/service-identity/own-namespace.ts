import { randomUUID } from "node:crypto";
import { NotImplementedError, type NullspaceClient } from "../../../sdk/client/index.ts";
import { orGone } from "../service-errors.ts";

/** The answer of each service. A cache: a key does not change its namespace while a client lives. */
const known = new WeakMap<NullspaceClient, string>();

/**
 * The API key's own namespace. The service tells it with a claim alone: a name that nobody has is claimed, and given back.
 *
 * @returns undefined when the service has no claims
 */
export async function ownNamespace(client: NullspaceClient, signal: AbortSignal): Promise<string | undefined> {
  const found = known.get(client);
  if (found !== undefined) return found;
  try {
    const claim = await client.templates.reserveName(`pulumi-${randomUUID()}`, { signal });
    await orGone(client.templates.releaseName(claim.claim_token, { signal }));
    const [namespace] = claim.canonical_ref.split("/");
    if (namespace === undefined || namespace === claim.canonical_ref) return undefined;
    known.set(client, namespace);
    return namespace;
  } catch (error) {
    if (error instanceof NotImplementedError) return undefined;
    throw error;
  }
}
