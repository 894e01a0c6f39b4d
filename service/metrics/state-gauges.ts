import { statfsSync } from "node:fs";
import { Gauge, type Registry } from "prom-client";
import type { ServiceHealth } from "../health/service-health.ts";
import type { Database } from "../store/database.ts";
import { liveMachineCounts, openBuildCounts, poolFigures, storeFileBytes, type PoolFigures } from "../store/figures.ts";
import { storedBlobBytes, wholeLogBytes } from "../store/storage.ts";

/** Pools that have figures of their own; those that were made later are added up under a name that no pool can have. */
const MAX_POOLS = 100;
const OTHER_POOLS = "(other)";
/** More than these are not even added up: a store with so many pools is not one to scrape for pools. */
const MAX_COUNTED_POOLS = 10_000;

/** Sums over whole tables are as old as this at most. */
const SUMS_MS = 60_000;

const MEMBER_STATES = ["warming", "ready", "claimed", "terminating"] as const;

/** What the figures are read from, at each scrape. */
export interface StateSource {
  db: Database;
  /** Folder of the store, and its file. */
  folder: string;
  storePath: string;
  health: ServiceHealth;
}

/** The figures that are read when somebody asks for them: the store is the truth, and nothing is counted beside it. */
export function registerStateGauges(registry: Registry, { db, folder, storePath, health }: StateSource): void {
  const registers = [registry];
  const builds = gauge("nullspace_builds", "Builds that have not ended, by state", ["state"], () => {
    const counts = openBuildCounts(db);
    for (const [state, status] of [
      ["waiting", "waiting"],
      ["running", "building"],
    ] as const) {
      builds.set({ state }, counts.find((each) => each.status === status)?.count ?? 0);
    }
  });
  const machines = gauge("nullspace_machines", "Machines that live, by state", ["state"], () => {
    const counts = liveMachineCounts(db);
    for (const state of ["creating", "running", "paused"] as const) {
      machines.set({ state }, counts.find(({ status }) => status === state)?.count ?? 0);
    }
  });
  const members = gauge(
    "nullspace_pool_members",
    `Members of warm pools by state; of the pools after the first ${MAX_POOLS} together`,
    ["pool", "state"],
    () => {
      for (const each of [members, minimum, maximum]) each.reset();
      for (const pool of withOthers(poolFigures(db, MAX_COUNTED_POOLS))) {
        for (const state of MEMBER_STATES) members.set({ pool: pool.name, state }, pool[state]);
        minimum.set({ pool: pool.name }, pool.minReady);
        maximum.set({ pool: pool.name }, pool.maxReady);
      }
    },
  );
  const minimum = gauge("nullspace_pool_min_ready", "Ready members that a pool is to have at least", ["pool"]);
  const maximum = gauge("nullspace_pool_max_ready", "Ready members that a pool may have at most", ["pool"]);

  const sums = recent(SUMS_MS, () => ({ blobs: storedBlobBytes(db), logs: wholeLogBytes(db) }));
  const used = gauge(
    "nullspace_disk_used_bytes",
    "What the data folder holds: the store (logs of ended builds are part of it), files of build contexts, the reserve",
    ["use"],
    () => {
      const { blobs, logs } = sums();
      used.set({ use: "store" }, storeFileBytes(storePath));
      used.set({ use: "build_logs" }, logs);
      used.set({ use: "context_files" }, blobs);
      used.set({ use: "reserve" }, db.room?.heldBytes ?? 0);
    },
  );
  const free = gauge("nullspace_disk_free_bytes", "Room on the disk of the data folder for its user", [], () => {
    const { bavail, bsize } = statfsSync(folder);
    free.set(bavail * bsize);
  });
  const size = gauge("nullspace_disk_size_bytes", "Size of the disk of the data folder", [], () => {
    const { blocks, bsize } = statfsSync(folder);
    size.set(blocks * bsize);
  });
  const ready = gauge(
    "nullspace_ready",
    "1 for what the service needs and has, as /readyz says",
    ["check"],
    async () => {
      const { checks } = await health.look();
      for (const [check, { status }] of Object.entries(checks as Record<string, { status: string }>)) {
        ready.set({ check }, status === "ok" ? 1 : 0);
      }
    },
  );

  function gauge(name: string, help: string, labelNames: string[], collect?: () => void | Promise<void>): Gauge {
    return new Gauge({ name, help, labelNames, registers, ...(collect && { collect }) });
  }
}

/** The first pools, and all others as one. */
function withOthers(pools: readonly PoolFigures[]): PoolFigures[] {
  const others = pools.slice(MAX_POOLS);
  if (others.length === 0) return [...pools];
  const sum = (member: Exclude<keyof PoolFigures, "name">) => others.reduce((total, pool) => total + pool[member], 0);
  return [
    ...pools.slice(0, MAX_POOLS),
    {
      name: OTHER_POOLS,
      minReady: sum("minReady"),
      maxReady: sum("maxReady"),
      warming: sum("warming"),
      ready: sum("ready"),
      claimed: sum("claimed"),
      terminating: sum("terminating"),
    },
  ];
}

/** What `read` gives, read again when it is older than `maxAgeMs`. */
function recent<T>(maxAgeMs: number, read: () => T): () => T {
  let last: { value: T; atMs: number } | undefined;
  return () => {
    if (last === undefined || performance.now() - last.atMs > maxAgeMs)
      last = { value: read(), atMs: performance.now() };
    return last.value;
  };
}
