import { Counter, Gauge, type Registry } from "prom-client";
import type { NativeObserver } from "../fleet/pools/native/native-observer.ts";
import type { GenerationState, NativeStatus } from "../fleet/pools/native/native-status.ts";

/** Pools that have figures of their own; others are added up under a name that no pool can have. */
const MAX_POOLS = 100;
const OTHER_POOLS = "(other)";

const STATES: readonly GenerationState[] = ["current", "coming", "leaving", "held"];

/** What there is of pools for other programs; `undefined`: this service keeps none. */
export type NativeSource = () => { readonly isKnown: boolean; readonly pools: readonly NativeStatus[] } | undefined;

/** Counts what fails with pools for other programs. */
export function nativeFailures(registry: Registry): NativeObserver {
  const failures = new Counter({
    name: "nullspace_native_pool_failures_total",
    help: "Tries to make, change or take away what a pool is to have for other programs that failed, by reason; each is tried again",
    labelNames: ["pool", "reason"],
    registers: [registry],
  });
  // A counter keeps every name that it has had, also of pools that are long gone.
  const names = new Set<string>();
  return {
    failed(poolName, reason) {
      if (names.size < MAX_POOLS) names.add(poolName);
      failures.inc({ pool: names.has(poolName) ? poolName : OTHER_POOLS, reason });
    },
  };
}

/** What is kept for other programs, read when somebody asks. */
export function registerNativeGauges(registry: Registry, read: NativeSource): void {
  const gauge = (name: string, help: string, labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  // The first one: what it sets is read after it.
  const known = new Gauge({
    name: "nullspace_native_pools_known",
    help: "1 while the cluster tells what there is for other programs; absent where no pool is kept for them",
    // Without a label it would say 0 where there is nothing to know.
    labelNames: ["place"],
    registers: [registry],
    collect() {
      for (const each of [known, ...all]) each.reset();
      const found = read();
      const [first] = found?.pools ?? [];
      if (found === undefined || first === undefined) return;
      known.set({ place: first.place }, found.isKnown ? 1 : 0);
      for (const pool of byName(found.pools)) tell(pool, found.isKnown);
    },
  });
  const wanted = gauge("nullspace_native_pool_replicas", "Sandboxes that a pool is to keep ready for other programs", [
    "pool",
  ]);
  const ready = gauge(
    "nullspace_native_pool_ready_replicas",
    "Sandboxes that other programs can claim now, of all generations; absent while the cluster does not say",
    ["pool"],
  );
  const newest = gauge("nullspace_native_pool_generation", "Generation that a pool is at, or rolls to", ["pool"]);
  const current = gauge(
    "nullspace_native_pool_current_generation",
    "Generation that other programs are to claim from; 0: none",
    ["pool"],
  );
  const generations = gauge(
    "nullspace_native_pool_generations",
    `Generations that a pool has on the cluster, by state; of the pools after the first ${MAX_POOLS} together`,
    ["pool", "state"],
  );
  const degraded = gauge("nullspace_native_pool_degraded", "1 for a pool that is not as it should be, by reason", [
    "pool",
    "reason",
  ]);
  const all = [wanted, ready, newest, current, generations, degraded];

  function tell({ name: pool, statuses }: PoolStatuses, isKnown: boolean): void {
    const ofAll = statuses.flatMap((each) => each.generations);
    wanted.set({ pool }, sum(statuses.map((each) => each.wanted)));
    if (isKnown) ready.set({ pool }, sum(ofAll.map((each) => each.ready ?? 0)));
    for (const state of STATES) generations.set({ pool, state }, ofAll.filter((each) => each.state === state).length);
    for (const { failure } of statuses) if (failure !== undefined) degraded.inc({ pool, reason: failure.reason });
    if (pool === OTHER_POOLS) return;
    newest.set({ pool }, Math.max(0, ...ofAll.map((each) => each.generation)));
    current.set(
      { pool },
      Math.max(0, ...ofAll.filter((each) => each.state === "current").map((each) => each.generation)),
    );
  }
}

interface PoolStatuses {
  readonly name: string;
  readonly statuses: readonly NativeStatus[];
}

/** A pool that is deleted may still have something on the cluster when another has its name; and there may be many. */
function byName(pools: readonly NativeStatus[]): PoolStatuses[] {
  const found = new Map<string, NativeStatus[]>();
  for (const status of pools) {
    const { name } = status;
    const key = found.has(name) || found.size < MAX_POOLS ? name : OTHER_POOLS;
    const statuses = found.get(key) ?? [];
    found.set(key, statuses);
    statuses.push(status);
  }
  return [...found].map(([name, statuses]) => ({ name, statuses }));
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}
