import { InvalidRequestError } from "../../errors.ts";
import { countOf } from "../../fleet/pools/pool-status.ts";
import type { Database } from "../../store/database.ts";
import { GuestStore, type GuestState } from "../../store/guests.ts";
import { PoolStore, type NumberedPool, type PoolState } from "../../store/warm-pools.ts";
import { numberOf, pageOf, type Listed } from "./cursor.ts";

/** Pools of a page. */
const POOLS = 50;

/** States that a list can be narrowed to, beside all that are not deleted. */
export const POOL_STATES = ["enabled", "disabled", "draining", "deleted"] as const;
const LIVE: readonly PoolState[] = ["enabled", "disabled", "draining"];

/** A pool in the list. */
export interface PoolLine {
  poolId: string;
  name: string;
  state: PoolState;
  /** As the pool names its template. */
  templateRef: string;
  /** Ready members that it should have, while it is enabled. */
  floor: number;
  /** Members that it has at most. */
  most: number;
  ready: number;
  warming: number;
  /** Checked out; the machines still live. */
  claimed: number;
  isShort: boolean;
  reason: string | undefined;
}

export interface PoolList extends Listed<PoolLine> {
  search: string;
  state: string;
  /** How many pools are in each state. */
  counts: ReadonlyMap<PoolState, number>;
}

/** A page of the pools, newest first, with their counts. @param after `next` of the page before */
export function listPools(
  db: Database,
  {
    search = "",
    state = "",
    after,
  }: { search?: string | undefined; state?: string | undefined; after?: string | undefined },
): PoolList {
  const pools = new PoolStore(db);
  const rows = pools.page({
    states: statesOf(state),
    search: search === "" ? undefined : search,
    before: after === undefined ? Number.MAX_SAFE_INTEGER : numberOf(after),
    limit: POOLS + 1,
  });
  const tallies = new GuestStore(db).tallies(rows.map(({ poolId }) => poolId));
  const line = (row: NumberedPool): PoolLine => {
    const guests = tallies.get(row.poolId) ?? [];
    const count = (wanted: GuestState) => countOf(guests, ({ state }) => state === wanted);
    const ready = count("ready");
    return {
      poolId: row.poolId,
      name: row.name,
      state: row.state,
      templateRef: row.templateRef,
      floor: row.minReady,
      most: row.maxReady,
      ready,
      warming: count("warming"),
      claimed: count("claimed"),
      isShort: row.state === "enabled" && ready < row.minReady,
      reason: row.degradedReason ?? undefined,
    };
  };
  return { ...pageOf(rows, POOLS, line, ({ seq }) => String(seq)), search, state, counts: pools.countByState() };
}

function statesOf(state: string): readonly PoolState[] {
  if (state === "") return LIVE;
  const wanted = POOL_STATES.find((each) => each === state);
  if (wanted !== undefined) return [wanted];
  throw new InvalidRequestError(`state: there is no "${state.slice(0, 40)}". Choose from ${POOL_STATES.join(", ")}.`);
}
