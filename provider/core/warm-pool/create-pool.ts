import { ConflictError, TransportError, type NullspaceClient } from "../../../sdk/client/index.ts";
import type { WarmPool } from "../../../sdk/wire/index.ts";
import { NameTakenError } from "../../errors.ts";
import { pause } from "../deadline.ts";
import type { WarmPoolInputs } from "./inputs.ts";
import { toCreateRequest } from "./pool-request.ts";

const SEARCHES = 4;
const SEARCH_PAUSE_MS = 500;

/**
 * Makes the pool. When the answer is lost, a pool of this name that was not there before is the one asked for: names are
 * unique among live pools.
 *
 * @throws NameTakenError when there is a live pool of this name
 */
export async function createPool(
  client: NullspaceClient,
  inputs: WarmPoolInputs,
  signal: AbortSignal,
): Promise<WarmPool> {
  const before = await findByName(client, inputs.name, signal);
  if (before !== undefined) throw nameTaken(inputs.name, before);
  try {
    return await client.warmPools.create(toCreateRequest(inputs), { signal });
  } catch (error) {
    if (error instanceof ConflictError) {
      const holder = await findByName(client, inputs.name, signal);
      throw holder === undefined ? error : nameTaken(inputs.name, holder, error);
    }
    if (!(error instanceof TransportError) || error.outcome === "not_sent" || signal.aborted) throw error;
    for (let search = 1; search <= SEARCHES; search++) {
      const made = await findByName(client, inputs.name, signal);
      if (made !== undefined) return made;
      if (search < SEARCHES) await pause(SEARCH_PAUSE_MS, signal);
    }
    return client.warmPools.create(toCreateRequest(inputs), { signal });
  }
}

async function findByName(client: NullspaceClient, name: string, signal: AbortSignal): Promise<WarmPool | undefined> {
  const pools = await client.warmPools.list({}, { signal });
  return pools.find((pool) => pool.name === name && pool.state !== "deleted");
}

function nameTaken(name: string, holder: WarmPool, cause?: unknown): NameTakenError {
  return new NameTakenError(
    `a warm pool "${name}" exists already (${holder.id}, of ${holder.template_ref}), and is not part of this stack. ` +
      `Choose another name; or take it over with pulumi import nullspace:index:WarmPool <resource> ${holder.id}; or delete it first`,
    { ref: name, holder: holder.id, cause },
  );
}
