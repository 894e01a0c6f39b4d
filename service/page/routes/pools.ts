import type { Fleet } from "../../fleet/fleet.ts";
import { InvalidRequestError } from "../../errors.ts";
import type { Database } from "../../store/database.ts";
import { poolPath } from "../pages/parts.ts";
import { poolChangePage, poolPage } from "../pages/pool.ts";
import { poolsPage } from "../pages/pools.ts";
import { plannedPoolChange, POOL_CHANGES, poolDetails, type PoolChange } from "../views/pool.ts";
import { listPools } from "../views/pools.ts";
import { assertAsShown, changeOf } from "./changes.ts";
import { readNumber, type PageRoutes } from "./page-routes.ts";

const DONE: Record<PoolChange, string> = {
  enable: "The pool is enabled, and fills.",
  disable: "The pool is disabled.",
  drain: "The pool is being drained.",
  resize: "The pool has its new size.",
};

/** Warm pools, and what can be done with them. */
export function registerPools(
  routes: PageRoutes,
  { db, fleet }: { db: Database; fleet: Pick<Fleet, "pools" | "nativeStatus"> },
): void {
  const { pools } = fleet;
  routes.get("/pools", ({ query }) =>
    poolsPage(listPools(db, { search: query.find, state: query.state, after: query.after })),
  );

  routes.get("/pools/:id", ({ params, query, session }) => {
    const hours = readNumber("hours", query.hours);
    const id = params.id ?? "";
    const native = fleet.nativeStatus(id);
    return poolPage(poolDetails(db, id, { hours, nowMs: Date.now(), native }), session.formToken);
  });

  routes.get("/pools/:id/change", ({ params, query, session }) => {
    const change = changeOf(POOL_CHANGES, query.to);
    return poolChangePage(plannedPoolChange(db, params.id ?? "", change, sizeOf(change, query)), session.formToken);
  });

  routes.post("/pools/:id/change", async ({ params, form }) => {
    const id = params.id ?? "";
    const change = changeOf(POOL_CHANGES, form.to);
    const size = sizeOf(change, form);
    const { name, version } = plannedPoolChange(db, id, change, size);
    // Nothing is lost by it, so nobody is asked.
    if (change !== "enable") assertAsShown(`The pool ${name}`, form.expected, version);
    if (size !== undefined) await pools.update(id, { min_ready: size.floor, max_ready: size.most });
    else if (change !== "resize") await pools[change](id);
    return { to: poolPath(id), notice: { kind: "done", text: DONE[change] } };
  });
}

function sizeOf(change: PoolChange, fields: Readonly<Record<string, string | undefined>>) {
  if (change !== "resize") return undefined;
  const [floor, most] = [readNumber("floor", fields.floor), readNumber("most", fields.most)];
  if (floor === undefined || most === undefined) throw new InvalidRequestError("floor and most: say how many.");
  return { floor, most };
}
