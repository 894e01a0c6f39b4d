import { expect, it } from "vitest";
import type { NativeStatus } from "../../../../service/fleet/pools/native/native-status.ts";
import { ServiceMetrics } from "../../../../service/metrics/service-metrics.ts";
import { NativeServer } from "./native-server.ts";
import { NativeWorld, SOON } from "./native-world.ts";

/** What is scraped of native pools: a value by name and labels. */
async function scrape(metrics: ServiceMetrics): Promise<Record<string, number>> {
  const text = await metrics.scrape();
  const lines = text.split("\n").filter((line) => line.startsWith("nullspace_native_"));
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.lastIndexOf(" ");
      return [line.slice("nullspace_native_".length, at), Number(line.slice(at + 1))];
    }),
  );
}

it("figures of pools for other programs are those of the cluster, through a roll-out, a failure and their end", async () => {
  await using server = await NativeServer.open();
  await using world = new NativeWorld(server);
  world.start();
  const metrics = new ServiceMetrics("0.0.0");
  metrics.readNative(() => world.fleet.nativeStatuses());
  world.observer = metrics.native;
  expect(await scrape(metrics)).toEqual({});
  world.seed("web");
  const poolId = await world.makePool(4);
  await world.untilCounts([1, 4, 4]);
  const whole = {
    'pools_known{place="machines"}': 1,
    'pool_replicas{pool="web"}': 4,
    'pool_ready_replicas{pool="web"}': 4,
    'pool_generation{pool="web"}': 1,
    'pool_current_generation{pool="web"}': 1,
    'pool_generations{pool="web",state="current"}': 1,
    'pool_generations{pool="web",state="coming"}': 0,
    'pool_generations{pool="web",state="leaving"}': 0,
    'pool_generations{pool="web",state="held"}': 0,
  };
  await expect.poll(() => scrape(metrics), SOON).toEqual(whole);
  server.readyOf = ({ metadata }) => (metadata.name.endsWith("-g2") ? 0 : Infinity);
  world.seed("web");
  await world.untilCounts([1, 4, 4], [2, 1, 0]);
  await expect
    .poll(() => scrape(metrics), SOON)
    .toEqual({ ...whole, 'pool_generation{pool="web"}': 2, 'pool_generations{pool="web",state="coming"}': 1 });
  server.forbidden.add("patch sandboxwarmpools");
  await world.setReplicas(poolId, 5);
  await expect
    .poll(() => scrape(metrics), SOON)
    .toMatchObject({
      'pool_replicas{pool="web"}': 5,
      'pool_degraded{pool="web",reason="forbidden"}': 1,
      'pool_failures_total{pool="web",reason="forbidden"}': expect.any(Number),
    });
  server.forbidden.clear();
  server.readyOf = () => Infinity;
  server.fill();
  await world.fleet.pools.delete(poolId);
  await expect
    .poll(async () => Object.keys(await scrape(metrics)).every((each) => each.includes("failures")), SOON)
    .toBe(true);
});

it("figures of ready members are absent while the cluster does not say, and not those of before", async () => {
  await using server = await NativeServer.open();
  await using world = new NativeWorld(server);
  world.start();
  world.seed("web");
  await world.makePool(2);
  await world.untilCounts([1, 2, 2]);
  const metrics = new ServiceMetrics("0.0.0");
  metrics.readNative(() => world.fleet.nativeStatuses());
  expect(await scrape(metrics)).toHaveProperty(['pool_ready_replicas{pool="web"}']);
  server.fault = () => ({ status: 503, page: "away" });
  server.breakWatches();
  await expect.poll(() => scrape(metrics), SOON).toMatchObject({ 'pools_known{place="machines"}': 0 });
  await expect.poll(() => scrape(metrics), SOON).toMatchObject({ 'pool_degraded{pool="web",reason="unavailable"}': 1 });
  expect(await scrape(metrics)).not.toHaveProperty(['pool_ready_replicas{pool="web"}']);
  expect(await scrape(metrics)).toMatchObject({ 'pool_replicas{pool="web"}': 2 });
});

it("figures of more pools than have any of their own are added up, and so are two pools of one name", async () => {
  const generation = {
    generation: 1,
    objectName: "o",
    templateId: "t",
    state: "current",
    replicas: 2,
    members: 2,
    ready: 1,
  } as const;
  const pool = (name: string): NativeStatus => ({
    poolId: name,
    name,
    wanted: 2,
    state: "enabled",
    place: "machines",
    generations: [generation],
  });
  const pools = Array.from({ length: 120 }, (_, at) => pool(`p${at}`));
  const metrics = new ServiceMetrics("0.0.0");
  metrics.readNative(() => ({ isKnown: true, pools: [...pools, pool("p0")] }));
  for (const { name } of pools) metrics.native.failed(name, "unavailable");
  const found = await scrape(metrics);
  expect(found).toMatchObject({
    'pool_replicas{pool="p0"}': 4,
    'pool_ready_replicas{pool="p0"}': 2,
    'pool_replicas{pool="p99"}': 2,
    'pool_replicas{pool="(other)"}': 40,
    'pool_ready_replicas{pool="(other)"}': 20,
    'pool_generations{pool="(other)",state="current"}': 20,
    'pool_failures_total{pool="(other)",reason="unavailable"}': 20,
  });
  expect(Object.keys(found).filter((each) => each.includes('"p100"'))).toEqual([]);
});
