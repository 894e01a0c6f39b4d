import { ConflictError, type NullspaceClient } from "../../../sdk/client/index.ts";
import type { WarmPool } from "../../../sdk/wire/index.ts";
import { NameTakenError } from "../../errors.ts";
import { pause } from "../../../sdk/concurrency/index.ts";
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
 * @returns the pool, and as what it was found; `before` is undefined for a new one
 * @throws NameTakenError when there is a live pool of this name that is not this resource's
 */
export async function createPool(
  client: NullspaceClient,
  inputs: WarmPoolInputs,
  context: OperationContext,
  signal: AbortSignal,
): Promise<{ pool: WarmPool; before: WarmPool | undefined }> {
  const { mark, log } = context;
  const takeOver = async (pool: WarmPool, cause?: unknown) => {
    const isOwn = ownerOfPool(pool) === mark;
    if (!isOwn && !inputs.adopt) throw nameTaken(inputs.name, pool, context, cause);
    if (isOwn) log("warning", ownMarkNotice(`warm pool ${pool.id}`, true));
    else {
      requireLeft(ownerOfPool(pool), `warm pool "${inputs.name}"`, context);
      log("info", `taking over warm pool ${pool.id}`);
    }
    const everything = new Set(Object.keys(WarmPoolInputs.shape));
    const request = toUpdateRequest(inputs, everything, mark);
    return { pool: await client.warmPools.update(pool.id, request, { signal }), before: pool };
  };
  const request = toCreateRequest(inputs, mark);
  const make = async () => ({ pool: await client.warmPools.create(request, { signal }), before: undefined });

  const found = await findByName(client, inputs.name, signal);
  if (found !== undefined) return takeOver(found);
  try {
    return await make();
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
    return make();
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
