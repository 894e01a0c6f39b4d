import * as z from "zod";
import { CANCELLABLE, check } from "./argument-rules.ts";
import { compareApiVersions } from "./api-version.ts";
import type { Cancellable } from "./cancellable.ts";
import type { EngineApi } from "./engine-api.ts";

/** How much the engine's build cache takes. */
export interface BuildCacheUsage {
  /** Bytes of all records, without what images have of them. */
  totalBytes: number;
  /** Of those, bytes that no build uses now: what a prune of everything would give back. */
  reclaimableBytes: number;
}

/** Records one by one until API 1.51, their sums from 1.52 on. */
const Answer = z.looseObject({
  BuildCache: z
    .array(z.looseObject({ Size: z.number(), InUse: z.boolean().optional(), Shared: z.boolean().optional() }))
    .nullish(),
  BuildCacheUsage: z.looseObject({ TotalSize: z.number().optional(), Reclaimable: z.number().optional() }).nullish(),
});

/** First API version that looks at nothing but the cache when it is asked so; before, it measures all images and volumes, too. */
const TYPES_API_VERSION = "1.42";

/** @returns `undefined` where the engine cannot tell it, or only by measuring everything it has */
export async function buildCacheUsage(
  engine: EngineApi,
  options: Cancellable = {},
): Promise<BuildCacheUsage | undefined> {
  check("buildCacheUsage", { options: CANCELLABLE }, { options });
  const { signal } = options;
  const { apiVersion, isPodman } = await engine.negotiate(signal);
  if (isPodman || compareApiVersions(apiVersion, TYPES_API_VERSION) < 0) return undefined;
  const query = new URLSearchParams({ type: "build-cache" });
  const request = await engine.versioned({ method: "GET", path: "/system/df", query, signal });
  const { BuildCache, BuildCacheUsage } = await engine.transport.json(request, Answer);
  // Sums of nothing are left out.
  if (BuildCacheUsage != null) {
    return { totalBytes: BuildCacheUsage.TotalSize ?? 0, reclaimableBytes: BuildCacheUsage.Reclaimable ?? 0 };
  }
  const own = (BuildCache ?? []).filter(({ Shared }) => Shared !== true);
  const sum = (records: typeof own) => records.reduce((bytes, { Size }) => bytes + Size, 0);
  return { totalBytes: sum(own), reclaimableBytes: sum(own.filter(({ InUse }) => InUse !== true)) };
}
