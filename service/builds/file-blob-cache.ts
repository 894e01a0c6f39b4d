import type { CacheSummary } from "pulumi-nullspace/wire";
import { countKnownBodies } from "../store/contexts.ts";
import type { Database } from "../store/database.ts";
import type { BuildJob, BuildReporter } from "./build-executor.ts";

/**
 * Tells which bodies of the context were here from an earlier build and which came for this one. Whole contexts are told
 * in one entry each: a line for each of thousands of files would bury the rest of the log.
 */
export function countFileBlobs(
  db: Database,
  { buildId, context }: Pick<BuildJob, "buildId" | "context">,
  report: BuildReporter,
): Pick<CacheSummary, "file_blob_hits" | "file_blob_misses" | "file_blob_bypasses" | "file_blob_stores"> {
  const digests = new Set(context.flatMap(({ digest }) => digest ?? []));
  const hits = countKnownBodies(db, buildId, [...digests]);
  const misses = digests.size - hits;
  const common = { kind: "cache", level: "info", phase: "cache", cache_kind: "file_blob" } as const;
  if (hits > 0)
    report({ ...common, cache_status: "hit", message: `${hits} of ${digests.size} files were here already` });
  if (misses > 0) {
    report({
      ...common,
      cache_status: "stored",
      message: `${misses} of ${digests.size} files were uploaded for this build`,
    });
  }
  return { file_blob_hits: hits, file_blob_misses: misses, file_blob_bypasses: 0, file_blob_stores: misses };
}
