import type { CreateWarmPoolRequest, Machine, WarmPool } from "../../../sdk/wire/index.ts";
import type { KubernetesFleet } from "./kubernetes-fleet.ts";

/** Size of every machine of these tests. */
export const SIZE = { vcpus: 1, memory_mb: 32 };

/** A pool of `web:stable`, as soon as it has ready what it is to have. */
export async function makePool(
  { client }: KubernetesFleet,
  minReady: number,
  maxReady: number,
  more: Partial<CreateWarmPoolRequest> = {},
): Promise<WarmPool> {
  const pool = await client.warmPools.create({
    name: "p",
    template_ref: "web:stable",
    version_policy: "track_tag",
    min_ready: minReady,
    max_ready: maxReady,
    resources: SIZE,
    ...more,
  });
  return client.warmPools.waitUntilReady(pool.id, { intervalMs: 100 });
}

/** A machine of `web:stable` out of a pool. */
export function claim(
  { client }: KubernetesFleet,
  poolId: string,
  mode: "prefer" | "require" = "require",
): Promise<Machine> {
  return client.machines.create({ template: "web:stable", ...SIZE, warm_pool: { id: poolId, mode } });
}
