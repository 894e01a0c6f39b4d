/**
 * Starts a cluster in the foreground, to try something by hand, and stops it at Ctrl-C.
 *
 *   npm run scale:cluster                       API server, controllers, scheduler
 *   npm run scale:cluster -- --kwok 20          and twenty nodes that only say that they run pods
 *   npm run scale:cluster -- --node             and one that does, with a registry
 */
import { once } from "node:events";
import { parseArgs } from "node:util";
import { startCluster } from "./cluster.ts";
import { tool } from "./tools.ts";

const { values } = parseArgs({
  options: { node: { type: "boolean", default: false }, kwok: { type: "string", default: "0" } },
});
const kwokNodes = Number(values.kwok);
if (!Number.isSafeInteger(kwokNodes) || kwokNodes < 0)
  throw new Error(`--kwok is a number of nodes, not ${values.kwok}`);
const stopping = Promise.race(["SIGINT", "SIGTERM", "SIGHUP"].map((name) => once(process, name)));
const startedMs = performance.now();
await using cluster = await startCluster({ node: values.node, kwokNodes });
console.log(`ready after ${((performance.now() - startedMs) / 1000).toFixed(1)} s: ${cluster.server}`);
for (const [name, path] of Object.entries(cluster.kubeconfigs)) console.log(`kubeconfig, ${name}: ${path as string}`);
if (cluster.registry !== undefined) {
  console.log(`registry: ${cluster.registry.host}, with ${cluster.registry.busyboxImage}`);
}
console.log(`\n  ${tool("kubernetes")} kubectl get nodes --kubeconfig ${cluster.kubeconfig}\n\nCtrl-C stops it.`);
await stopping;
console.log("stopping");
