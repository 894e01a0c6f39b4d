import type { NullspaceClient } from "../../../sdk/client/index.ts";
import { OperationTimeoutError, PoolInUseError } from "../../errors.ts";
import { type Deadline } from "../deadline.ts";
import { pause } from "../../../sdk/concurrency/index.ts";
import type { OperationContext } from "../operation-context.ts";
import { orGone } from "../service-errors.ts";

const LOOK_MS = 1_000;
/** What is left of the time for the deletion itself. */
const FOR_DELETION_MS = 30_000;

/**
 * Drains the pool and waits until its machines are back: those in use go on until then.
 *
 * @param force when the time is over, go on although machines are in use
 * @throws PoolInUseError when it is over and machines are in use
 */
export async function drainPool(
  client: NullspaceClient,
  id: string,
  { force, deadline }: { force: boolean; deadline: Deadline },
  { log }: Pick<OperationContext, "log">,
): Promise<void> {
  const { signal } = deadline;
  const forceAt = Date.now() + Math.max(0, deadline.remainingMs() - FOR_DELETION_MS);
  let inUse = 0;
  try {
    let pool = await orGone(client.warmPools.drain(id, { signal }));
    while (pool !== undefined && pool.status.claimed > 0) {
      if (force && Date.now() >= forceAt) {
        log("warning", `warm pool ${id} is deleted although machines of it are in use: ${inUse} live on`);
        return;
      }
      if (pool.status.claimed !== inUse) {
        inUse = pool.status.claimed;
        log("info", `machines of the pool in use: ${inUse}; waiting for them`, { ephemeral: true });
      }
      await pause(LOOK_MS, signal);
      pool = await orGone(client.warmPools.get(id, { signal }));
    }
  } catch (error) {
    if (error instanceof OperationTimeoutError) throw new PoolInUseError(id, inUse, error);
    throw error;
  }
}
