import { NullspaceClient } from "pulumi-nullspace/sdk";
import type { WarmPool } from "pulumi-nullspace/wire";
import { paintState } from "./paint.ts";
import { printJson, printLine } from "./print.ts";
import { readReadiness } from "./readiness.ts";

/** Builds of a state are counted up to here: one page. */
const MAX_COUNTED = 100;

/** What `status --json` prints. */
export interface ServiceStatus {
  url: string;
  status: "ready" | "not_ready";
  checks: Record<string, { status: "ok" | "fail"; message: string }>;
  /** Up to {@link MAX_COUNTED} of each are counted. */
  builds: { waiting: number; building: number };
  machines: { creating: number; running: number; paused: number };
  pools: { name: string; state: string; ready: number; min_ready: number }[];
}

/** `status`: whether the service is ready, and what it does. Exit code 1 when it is not. */
export async function statusCommand({ json }: { json?: boolean }): Promise<void> {
  await using client = new NullspaceClient();
  const status = await readStatus(client);
  if (json === true) printJson(status);
  else printLine(asText(status));
  if (status.status !== "ready") process.exitCode = 1;
}

async function readStatus(client: NullspaceClient): Promise<ServiceStatus> {
  // First: what it throws says in words that there is no service.
  await client.health();
  const [readiness, waiting, building, pools, ...machines] = await Promise.all([
    readReadiness(client.baseUrl),
    countBuilds(client, "waiting"),
    countBuilds(client, "building"),
    client.warmPools.list(),
    ...(["creating", "running", "paused"] as const).map((state) => countMachines(client, state)),
  ]);
  const [creating = 0, running = 0, paused = 0] = machines;
  return {
    url: client.baseUrl,
    // A service without the call is as ready as it can say.
    status: readiness?.status ?? "ready",
    checks: { ...(readiness?.checks as ServiceStatus["checks"] | undefined) },
    builds: { waiting, building },
    machines: { creating, running, paused },
    pools: pools.map(({ name, state, status: { ready }, min_ready }: WarmPool) => ({ name, state, ready, min_ready })),
  };
}

async function countBuilds(client: NullspaceClient, status: "waiting" | "building"): Promise<number> {
  return (await client.builds.listAll({ status, limit: MAX_COUNTED })).builds.length;
}

async function countMachines(client: NullspaceClient, state: "creating" | "running" | "paused"): Promise<number> {
  let count = 0;
  let next_token: string | undefined;
  do {
    const page = await client.machines.list({ state, ...(next_token !== undefined && { next_token }) });
    count += page.items.length;
    next_token = page.next_token ?? undefined;
  } while (next_token !== undefined);
  return count;
}

function asText({ url, status, checks, builds, machines, pools }: ServiceStatus): string {
  const isShort = pools.filter(({ state, ready, min_ready }) => state === "enabled" && ready < min_ready);
  return [
    `${url}  ${paintState(status === "ready" ? "ok" : "fail", status === "ready" ? "ready" : "not ready")}`,
    ...Object.entries(checks).map(
      ([name, check]) => `  ${paintState(check.status, check.status.padEnd(4))}  ${name.padEnd(6)}  ${check.message}`,
    ),
    `builds    ${builds.building} running, ${builds.waiting} waiting`,
    `machines  ${machines.running} running, ${machines.creating} starting, ${machines.paused} paused`,
    `pools     ${pools.length}${isShort.length === 0 ? "" : `, short of members: ${isShort.map(({ name }) => name).join(", ")}`}`,
  ].join("\n");
}
