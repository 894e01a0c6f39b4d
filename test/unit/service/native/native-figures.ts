import { ServiceMetrics } from "../../../../service/metrics/service-metrics.ts";

/** What a service tells Prometheus that keeps one pool for other programs, in which something failed. */
export async function nativeFigures(poolName: string): Promise<string> {
  const generation = { generation: 3, objectName: "o", templateId: "t", state: "current", replicas: 2 } as const;
  const metrics = new ServiceMetrics("0.0.0");
  metrics.readNative(() => ({
    isKnown: true,
    pools: [
      {
        poolId: "twp_1",
        name: poolName,
        wanted: 2,
        state: "enabled",
        place: "machines",
        generations: [{ ...generation, members: 2, ready: 1 }],
        failure: { reason: "forbidden", degradedReason: "no_eligible_hosts", message: "no" },
      },
    ],
  }));
  metrics.native.failed(poolName, "forbidden");
  return metrics.scrape();
}
