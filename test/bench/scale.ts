/**
 * A service with the machines of a whole cluster: pools on nodes that only say that they run them (KWOK's), and claims at a
 * steady rate. The service, BuildKit, the registry, etcd and Kubernetes' control plane are real, and all on this machine.
 *
 *   npm run bench:scale [-- seconds [rate [nodes [pools [guests]]]]]
 *
 * Default: 300 seconds of 50 claims each, 200 nodes, 50 pools, 2,000 guests. Measure on an idle machine.
 */
import { simulate } from "../scale/simulation/simulation.ts";
import { quantile } from "./measure.ts";

/** What agent-sandbox's own load test asks of its claims (kubernetes-sigs/agent-sandbox, v0.5.6). */
const PUBLISHED_P99_MS = 500;

const [seconds = 300, rate = 50, nodes = 200, pools = 50, guests = 2_000] = process.argv.slice(2).map(Number);
const size = { seconds, rate, nodes, pools, guests, useMs: 1_000 };
const { filledMs, claimMs, refused, audited, looks, podsLeft, requests, memoryMiB } = await simulate(size, (line) =>
  console.log(`  ${line}`),
);

console.log(`${nodes} nodes, ${pools} pools, ${guests} guests, ${rate} claims a second for ${seconds} s`);
console.log(
  `  filled in ${(filledMs / 1_000).toFixed(1)} s: ${((guests * 1_000) / filledMs).toFixed(1)} members a second`,
);
const at = (part: number) => `${quantile(claimMs, part).toFixed(1)} ms`;
console.log(`  claims ${claimMs.length}: p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, longest ${at(1)}`);
const isMet = quantile(claimMs, 0.99) <= PUBLISHED_P99_MS ? "met" : "missed";
console.log(
  `  beside agent-sandbox's published p99 of at most ${PUBLISHED_P99_MS} ms, on machines of its own: ${isMet}`,
);
console.log(`  refused: ${refused.size === 0 ? "none" : [...refused].map(([code, n]) => `${code} ${n}`).join(", ")}`);
console.log(`  in the audit trail: ${audited.claims} claims of ${audited.guests} guests`);
console.log(`  pools over their bound: ${looks.over} in ${looks.count} looks; pods left at the end: ${podsLeft}`);
const total = [...requests.values()].reduce((sum, count) => sum + count, 0);
console.log(`  requests to the API server: ${total}, ${(total / claimMs.length).toFixed(2)} a claim`);
for (const [what, count] of [...requests].toSorted((a, b) => b[1] - a[1])) console.log(`    ${count}  ${what}`);
console.log(`  memory of the service: at most ${memoryMiB.toFixed(0)} MiB`);
