// Prints how many machines of a pool are ready whenever that changes, until Ctrl-C: node watch.mjs <pool>
import { setTimeout as pause } from "node:timers/promises";
import { WarmPool } from "pulumi-nullspace/sdk";

const pool = await WarmPool.get(process.argv[2]);
let isStopped = false;
process.once("SIGINT", () => (isStopped = true));

let fewest = Infinity;
let shown = "";
while (!isStopped) {
  const { status, rollout_status: rollout } = await pool.refresh();
  fewest = Math.min(fewest, status.ready);
  const old = rollout?.old_ready_or_warming ?? 0;
  const line = `${status.ready} ready, ${status.warming} warming, ${old} of the previous build`;
  if (line !== shown) console.log((shown = line));
  await pause(50);
}
console.log(`fewest ready: ${fewest}`);
await pool.close();
