import { ConflictError, type NullspaceClient } from "../../../sdk/client/index.ts";
import type { WarmPool } from "../../../sdk/wire/index.ts";
import { NameTakenError } from "../../errors.ts";
import { pause } from "../deadline.ts";
import type { OperationContext } from "../operation-context.ts";
import { requireLeft } from "../ownership/living-owner.ts";
import { describeOwner, ownMarkNotice, takeoverWays } from "../ownership/takeover-ways.ts";
import { isLostAnswer } from "../service-errors.ts";
import { WarmPoolInputs } from "./inputs.ts";
import { ownerOfPool } from "./pool-owner.ts";
import { toCreateRequest, toUpdateRequest } from "./pool-request.ts";

const SEARCHES = 4;
const SEARCH_PAUSE_MS = 500;

/**
 * Makes the pool; or goes on with the one that an earlier try of this resource has made, or that is to be adopted, and
 * brings it to what the inputs say. Names are unique among live pools: of two that make one at the same moment, the
 * service refuses the second.
 *
 * @throws NameTakenError when there is a live pool of this name that is not this resource's
 */
export async function createPool(
  client: NullspaceClient,
  inputs: WarmPoolInputs,
  context: OperationContext,
  signal: AbortSignal,
): Promise<WarmPool> {
  const { mark, log } = context;
  const takeOver = async (pool: WarmPool, cause?: unknown): Promise<WarmPool> => {
    const isOwn = ownerOfPool(pool) === mark;
    if (!isOwn && !inputs.adopt) throw nameTaken(inputs.name, pool, context, cause);
    if (isOwn) log("warning", ownMarkNotice(`warm pool ${pool.id}`, true));
    else {
      requireLeft(ownerOfPool(pool), `warm pool "${inputs.name}"`, context);
      log("info", `taking over warm pool ${pool.id}`);
    }
    const everything = new Set(Object.keys(WarmPoolInputs.shape));
    return client.warmPools.update(pool.id, toUpdateRequest(inputs, everything, mark), { signal });
  };

  const before = await findByName(client, inputs.name, signal);
  if (before !== undefined) return takeOver(before);
  const request = toCreateRequest(inputs, mark);
  try {
    return await client.warmPools.create(request, { signal });
  } catch (error) {
    if (error instanceof ConflictError) {
      const holder = await findByName(client, inputs.name, signal);
      if (holder === undefined) throw error;
      return takeOver(holder, error);
    }
    if (!isLostAnswer(error) || signal.aborted) throw error;
    for (let search = 1; search <= SEARCHES; search++) {
      const made = await findByName(client, inputs.name, signal);
      if (made !== undefined) return takeOver(made, error);
      if (search < SEARCHES) await pause(SEARCH_PAUSE_MS, signal);
    }
    return client.warmPools.create(request, { signal });
  }
}

async function findByName(client: NullspaceClient, name: string, signal: AbortSignal): Promise<WarmPool | undefined> {
  const pools = await client.warmPools.list({}, { signal });
  return pools.find((pool) => pool.name === name && pool.state !== "deleted");
}

function nameTaken(name: string, holder: WarmPool, context: OperationContext, cause?: unknown): NameTakenError {
  return new NameTakenError(
    `a warm pool "${name}" exists already (${holder.id}, of ${holder.template_ref}), and ` +
      `${describeOwner(ownerOfPool(holder), context.mark)}. Choose another name; ` +
      `${takeoverWays(context, "WarmPool", holder.id)}; or delete it first`,
    { ref: name, holder: holder.id, cause },
  );
}
