import { Counter, Histogram, type Registry } from "prom-client";
import type { CacheSummary } from "pulumi-nullspace/wire";
import type { BuildObserver } from "../builds/build-observer.ts";

const BUILD_SECONDS = [1, 5, 15, 60, 180, 600, 1_800, 3_600];
const WAIT_SECONDS = [0.1, 1, 5, 15, 60, 300, 1_800];

/** What a build looked for in a cache, and how that went. */
const CACHES = ["layer", "final_artifact", "file_blob"] as const;
const CACHE_RESULTS = { hits: "hit", misses: "miss", bypasses: "bypass" } as const;

/** Counts builds by how they end, and what they found in caches. */
export function buildMetrics(registry: Registry): BuildObserver {
  const registers = [registry];
  const ended = new Counter({
    name: "nullspace_builds_total",
    help: "Builds that have ended, by result",
    labelNames: ["result"],
    registers,
  });
  const duration = new Histogram({
    name: "nullspace_build_duration_seconds",
    help: "Time from the start of a build to its end, by result; the wait in the queue is not part of it",
    labelNames: ["result"],
    buckets: BUILD_SECONDS,
    registers,
  });
  const wait = new Histogram({
    name: "nullspace_build_queue_wait_seconds",
    help: "Time that builds waited until they were started",
    buckets: WAIT_SECONDS,
    registers,
  });
  const failures = new Counter({
    name: "nullspace_build_failures_total",
    help: "Builds that failed, by the phase in which they did",
    labelNames: ["phase"],
    registers,
  });
  const cuts = new Counter({
    name: "nullspace_build_cuts_total",
    help: "Builds that were cut by the end of the engine or of the service, and wait again",
    registers,
  });
  const lookups = new Counter({
    name: "nullspace_build_cache_lookups_total",
    help: "What builds looked for in caches: layers (steps), whole artifacts of earlier builds (reuse), files of contexts",
    labelNames: ["cache", "result"],
    registers,
  });
  // From the start at zero: a rate over a first failure would otherwise see nothing.
  for (const result of ["ready", "error", "cancelled"]) ended.inc({ result }, 0);
  for (const cache of CACHES) {
    for (const result of Object.values(CACHE_RESULTS)) lookups.inc({ cache: cacheName(cache), result }, 0);
  }
  return {
    started: (_buildId, waitedMs) => wait.observe(waitedMs / 1_000),
    cut: () => cuts.inc(),
    ended(_buildId, end, ranMs) {
      const { result } = end;
      ended.inc({ result });
      if (ranMs !== undefined) duration.observe({ result }, ranMs / 1_000);
      if (end.result === "error") failures.inc({ phase: end.detail.phase });
      if (end.result === "ready") countLookups(lookups, end.cache);
    },
  };
}

function countLookups(lookups: Counter<"cache" | "result">, summary: CacheSummary): void {
  for (const cache of CACHES) {
    for (const [member, result] of Object.entries(CACHE_RESULTS)) {
      const count = summary[`${cache}_${member as keyof typeof CACHE_RESULTS}`] ?? 0;
      if (count > 0) lookups.inc({ cache: cacheName(cache), result }, count);
    }
  }
}

function cacheName(cache: (typeof CACHES)[number]): string {
  return { layer: "layer", final_artifact: "artifact", file_blob: "file" }[cache];
}
