/**
 * Pools and claims on a cluster whose nodes only say that they run pods (KWOK): the service's fleet, store and driver, and the API
 * server, controllers and scheduler are real. It shows what they bear, and that nothing is lost or given away twice.
 *
 *   npm run bench:scale              20 nodes, 5 pools of 40, 10 claims a second for 30 seconds
 *   npm run bench:scale -- overload  2 pools of 20, and more claims than they can be filled behind: 40 a second for 15 seconds
 *   npm run bench:scale -- long      200 nodes, 50 pools of 40, 50 claims a second for 5 minutes
 *
 * Ends with 1 when a machine was given to two, when a pool had more than it may, or when the cluster has other pods than the store
 * knows. Set-up builds Kubernetes and KWOK first. Measure on an idle machine.
 */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { startCluster, type Cluster } from "../scale/cluster/cluster.ts";
import { quantile, timed } from "./measure.ts";
import { startSimulatedFleet, type SimulatedFleet } from "./scale/simulated-fleet.ts";
import { claimSteadily } from "./scale/steady-claims.ts";

const VARIANTS = {
  bounded: { nodes: 20, pools: 5, perPool: 40, perSecond: 10, seconds: 30 },
  overload: { nodes: 5, pools: 2, perPool: 20, perSecond: 40, seconds: 15 },
  long: { nodes: 200, pools: 50, perPool: 40, perSecond: 50, seconds: 300 },
};
const SIZE = { vcpus: 1, memory_mb: 128 };
/** How long a caller keeps a machine: so the number of machines is bounded by the rate. */
const HELD_MS = 10_000;
/** A pool may have its refill beside what it is to have. */
const SURGE = 10;
const LOOK_EVERY_MS = 500;
const SETTLE_TIMEOUT_MS = 300_000;
/** Members that are being replaced when the first look comes need a moment. */
const AGREE_TIMEOUT_MS = 30_000;

const [name = "bounded"] = process.argv.slice(2);
const variant = VARIANTS[name as keyof typeof VARIANTS];
if (variant === undefined)
  throw new Error(`There is no variant ${name}; choose from ${Object.keys(VARIANTS).join(", ")}.`);
const { nodes, pools: poolCount, perPool, perSecond, seconds } = variant;
const names = Array.from({ length: poolCount }, (_, index) => `simulated-${index}`);
const faults: string[] = [];

await using cluster = await startCluster({ kwokNodes: nodes });
await using simulated = await startSimulatedFleet(cluster.kubeconfig, names);
const { fleet } = simulated;
console.log(`${nodes} nodes, ${poolCount} pools of ${perPool}, ${perSecond} claims a second for ${seconds} s`);

const pools: string[] = [];
const fillMs = await timed(async () => {
  for (const each of names) {
    const bounds = { min_ready: perPool, max_ready: perPool + SURGE };
    pools.push((await fleet.pools.create({ name: each, template_ref: each, resources: SIZE, ...bounds })).id);
  }
  await untilFull();
});
row("all pools are full", `${(fillMs / 1000).toFixed(1)} s`);
row("of that, a machine", `${(fillMs / (poolCount * perPool)).toFixed(1)} ms`);

const given = new Map<string, string>();
const ends: Promise<unknown>[] = [];
const watching = new AbortController();
const peak = watchPopulation(watching.signal);
const report = await claimSteadily({ perSecond, seconds }, async (index) => {
  const pool = { id: pools[index % pools.length]!, mode: "require" as const, wait_ms: 30_000 };
  const machine = await fleet.creator.create(randomUUID(), {
    template: names[index % pools.length]!,
    warm_pool: pool,
    ...SIZE,
  });
  const guestId = simulated.guests.ofMachine(machine.machineId)?.guestId ?? "none";
  if (given.has(guestId)) faults.push(`${guestId} was given to ${given.get(guestId)} and to ${machine.machineId}`);
  given.set(guestId, machine.machineId);
  ends.push(sleep(HELD_MS).then(() => fleet.machines.destroy(machine.machineId)));
});
await Promise.all(ends);
watching.abort();

const { tookMs, refused, latestMs } = report;
row("claims that got a machine", `${tookMs.length} of ${perSecond * seconds}`);
for (const [code, count] of refused) row(`claims that ended as ${code}`, String(count));
for (const [part, at] of Object.entries({ p50: 0.5, p99: 0.99, slowest: 1 })) {
  row(`a claim, ${part}`, `${quantile(tookMs, at).toFixed(1)} ms`);
}
row("the latest claim was sent too late by", `${latestMs.toFixed(0)} ms`);
row("most members of a pool at a time", `${(await peak).members} of ${perPool + SURGE}`);
if ((await peak).members > perPool + SURGE) faults.push("a pool had more members than it may have");

row("pools are full again after", `${((await timed(untilFull)) / 1000).toFixed(1)} s`);
await expectSame("full pools");
row("memory of fleet and driver", await residentOf(process.pid));
row("memory of the API server", await residentOf(cluster.controlPlane.apiserver.pid));
const goneMs = await timed(async () => {
  for (const pool of pools) await fleet.pools.delete(pool);
  await until("every machine is gone", () => simulated.guests.all().length === 0);
});
row("all pools are deleted and empty after", `${(goneMs / 1000).toFixed(1)} s`);
await expectSame("no pools");

for (const fault of faults) console.log(`FAULT: ${fault}`);
console.log(faults.length === 0 ? "nothing was lost, nothing given twice" : `${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;

function row(what: string, value: string): void {
  console.log(`  ${value.padStart(14)}  ${what}`);
}

async function untilFull(): Promise<void> {
  await until("every pool is full", () => pools.every((id) => fleet.pools.get(id).status.ready >= perPool));
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (const deadline = Date.now() + SETTLE_TIMEOUT_MS; !isSo(); await sleep(100)) {
    if (Date.now() > deadline)
      throw new Error(`it did not come to it within ${SETTLE_TIMEOUT_MS / 1000} s that ${what}`);
  }
}

/** The most members that a pool had, ready or on the way, at any look. Those that end have their room only when they are gone. */
async function watchPopulation(signal: AbortSignal): Promise<{ members: number }> {
  let members = 0;
  while (!signal.aborted) {
    for (const id of pools) {
      const alive = simulated.guests.members(id).filter(({ state }) => state !== "terminating");
      members = Math.max(members, alive.length);
    }
    await sleep(LOOK_EVERY_MS);
  }
  return { members };
}

/** The cluster comes to have the pods of the guests that the store knows, and no others. */
async function expectSame(when: string): Promise<void> {
  let [pods, known] = [0, 0];
  for (const deadline = Date.now() + AGREE_TIMEOUT_MS; Date.now() < deadline; await sleep(LOOK_EVERY_MS)) {
    [pods, known] = [await podsOf(cluster, simulated), simulated.guests.all().length];
    if (pods === known) return;
  }
  faults.push(`with ${when} the cluster has ${pods} pods, and the store knows ${known} guests`);
}

async function podsOf({ api }: Cluster, { selector }: SimulatedFleet): Promise<number> {
  const path = `/api/v1/namespaces/default/pods?labelSelector=${encodeURIComponent(selector)}`;
  return ((await api.get(path)) as { items: unknown[] }).items.length;
}

async function residentOf(pid: number | undefined): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return `${Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024)} MB`;
}
