import type { PoolCheckout, WantedMachine } from "../guests/pool-checkout.ts";
import type { MachineShape } from "../guests/machine-shape.ts";
import type { Database } from "../../store/database.ts";
import type { PoolRow } from "../../store/warm-pools.ts";
import { resolveTemplate, type ResolvedTemplate } from "../../templates/resolve.ts";
import { DEFAULT_SIZE, isExactRef, type MachineWish } from "./machine-request.ts";

/**
 * The machine that a request means at this moment.
 *
 * @param ref its template, or that of its pool
 * @throws TemplateNotFoundError
 */
export function wantedMachine(
  { db, pools }: { readonly db: Database; readonly pools: PoolCheckout },
  wish: MachineWish,
  ref: string,
  pool: PoolRow | undefined,
): WantedMachine {
  // Without a template of its own a request means what the pool holds, be it pinned or followed.
  const isOfPool = wish.template === undefined && pool !== undefined;
  const template = resolveTemplate(db, isOfPool ? pools.heldRef(pool) : ref);
  return {
    ...shapeOf(wish, pool, template),
    isExact: !isOfPool && isExactRef(ref),
    ...(wish.unpoolable !== undefined && { unpoolable: wish.unpoolable }),
  };
}

function shapeOf(wish: MachineWish, pool: PoolRow | undefined, template: ResolvedTemplate): MachineShape {
  return {
    templateId: template.templateId,
    // What a request leaves open takes the pool's size, so that leaving it open can never make a request unpoolable.
    vcpus: wish.vcpus ?? pool?.vcpus ?? DEFAULT_SIZE.vcpus,
    memoryMb: wish.memoryMb ?? pool?.memoryMb ?? DEFAULT_SIZE.memoryMb,
    diskMb: wish.diskMb ?? pool?.diskMb ?? null,
    // A template built to run without internet has none in any machine; a request can only take away.
    internetAccess: wish.internetAccess && template.resources.internetAccess,
  };
}
