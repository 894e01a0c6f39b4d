/**
 * A service with the machines of a whole cluster: pools on nodes that only say that they run pods (KWOK's), and claims over
 * HTTP at a steady rate. The service, BuildKit, the registry, etcd and Kubernetes' control plane are real, and all on this
 * machine; the API server is asked through a proxy that counts.
 *
 *   npm run bench:scale              20 nodes, 5 pools, 200 guests, 10 claims a second for 30 seconds
 *   npm run bench:scale -- long      200 nodes, 50 pools, 2,000 guests, 50 claims a second for 5 minutes
 *   npm run bench:scale -- overload  more claims than the pools can be refilled for
 *
 * Ends with 1 when a member was given to two, a pool had more than it may, or pods are left. Set-up builds Kubernetes and
 * KWOK first. Measure on an idle machine.
 */
import { simulate, type SimulationSize } from "../scale/simulation/simulation.ts";
import { quantile } from "./measure.ts";

const VARIANTS: Record<string, SimulationSize> = {
  bounded: { nodes: 20, pools: 5, guests: 200, rate: 10, seconds: 30, useMs: 1_000 },
  long: { nodes: 200, pools: 50, guests: 2_000, rate: 50, seconds: 300, useMs: 1_000 },
  overload: { nodes: 5, pools: 2, guests: 40, rate: 40, seconds: 15, useMs: 1_000 },
};

/** What agent-sandbox's published load test asks of its claims, on machines of its own. */
const PUBLISHED_P99_MS = 500;

const [name = "bounded"] = process.argv.slice(2);
const size = VARIANTS[name];
if (size === undefined)
  throw new Error(`There is no variant ${name}; choose from ${Object.keys(VARIANTS).join(", ")}.`);
const { nodes, pools, guests, rate, seconds } = size;
console.log(`${nodes} nodes, ${pools} pools, ${guests} guests, ${rate} claims a second for ${seconds} s`);
const report = await simulate(size, (line) => console.log(`  … ${line}`));
const { filledMs, claimMs, refused, audited, looks, podsLeft, requests, memoryMiB } = report;

const at = (part: number) => `${quantile(claimMs, part).toFixed(1)} ms`;
row(`${(filledMs / 1_000).toFixed(1)} s`, "until all pools were full");
row(`${((guests * 1_000) / filledMs).toFixed(1)}`, "members a second");
row(`${claimMs.length} of ${rate * seconds}`, "claims that got a machine");
for (const [code, count] of refused) row(String(count), `claims that ended as ${code}`);
const isMet = quantile(claimMs, 0.99) <= PUBLISHED_P99_MS ? "met" : "missed";
row(at(0.5), "a claim, p50");
row(at(0.99), `a claim, p99 (agent-sandbox publishes at most ${PUBLISHED_P99_MS} ms: ${isMet})`);
row(at(1), "a claim, longest");
row(String(audited.claims - audited.guests), `members given twice, of ${audited.claims} claims in the audit trail`);
row(String(looks.over), `pools over their bound, in ${looks.count} looks`);
row(String(podsLeft), "pods left at the end");
const total = [...requests.values()].reduce((sum, count) => sum + count, 0);
row((total / claimMs.length).toFixed(2), "requests to the API server a claim");
for (const [what, count] of [...requests].toSorted((a, b) => b[1] - a[1])) row(String(count), `  ${what}`);
row(`${memoryMiB.toFixed(0)} MiB`, "memory of the service, at most");
const isSound = audited.claims === audited.guests && looks.over === 0 && podsLeft === 0;
console.log(isSound ? "nothing was lost, nothing given twice" : "FAULT");
process.exitCode = isSound ? 0 : 1;

function row(value: string, what: string): void {
  console.log(`  ${value.padStart(14)}  ${what}`);
}
