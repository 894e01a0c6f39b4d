import type { NullspaceClient } from "../../../sdk/client/index.ts";
import type { Properties } from "../properties.ts";
import { orGone } from "../service-errors.ts";
import { isSameAddress } from "./address.ts";
import { instanceId } from "./current-service.ts";
import type { ServiceRecord } from "./service-outputs.ts";

/** How a resource's service compares with the one that the provider is set to. */
export type Comparison = "same" | "other" | "unknown";

/**
 * By address alone where that settles it. Another address may be another name of the same service: its own name for itself
 * tells, else that it knows a thing of ours that no other service can know.
 */
export async function compareService(
  client: NullspaceClient,
  recorded: ServiceRecord,
  outputs: Properties,
): Promise<Comparison> {
  const id = recorded.id === undefined ? undefined : await instanceId(client);
  if (id !== undefined) return id === recorded.id ? "same" : "other";
  if (isSameAddress(recorded.url, client.baseUrl)) return "same";
  return knows(client, outputs);
}

/** As `compareService`, without a call where the address is the recorded one. */
export async function compareAddress(
  client: NullspaceClient,
  recorded: ServiceRecord,
  outputs: Properties,
): Promise<Comparison> {
  return isSameAddress(recorded.url, client.baseUrl) ? "same" : compareService(client, recorded, outputs);
}

/** Does the service know an id of ours? Ids are drawn at random: no two services share one. */
async function knows(client: NullspaceClient, { buildId, poolId }: Properties): Promise<Comparison> {
  if (typeof poolId === "string") return (await orGone(client.warmPools.get(poolId))) ? "same" : "other";
  if (typeof buildId === "string") return (await orGone(client.builds.get(buildId))) ? "same" : "other";
  return "unknown";
}
