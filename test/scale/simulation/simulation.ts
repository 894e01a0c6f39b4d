import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { startServiceProcess } from "../../../scripts/quickstart/local-service.ts";
import { NullspaceClient } from "../../../sdk/client/index.ts";
import { Template } from "../../../sdk/index.ts";
import { repo } from "../../e2e/support/pulumi-project.ts";
import { startBuildKitDaemon } from "../../engine/docker/buildkit-daemon.ts";
import { startCluster, type Cluster } from "../cluster/cluster.ts";
import { startRegistry } from "../cluster/registry.ts";
import { startCountingProxy, type CountingProxy } from "./counting-proxy.ts";

/** How large a simulation is. */
export interface SimulationSize {
  readonly nodes: number;
  readonly pools: number;
  /** Ready members, all pools together. */
  readonly guests: number;
  /** Claims a second. */
  readonly rate: number;
  readonly seconds: number;
  /** How long a claimed machine is used before it is deleted, milliseconds. */
  readonly useMs: number;
}

/** What a simulation counted. */
export interface SimulationReport {
  /** From the first pool's creation until every pool is full. */
  readonly filledMs: number;
  /** How long each claim that gave a machine took, milliseconds. */
  readonly claimMs: readonly number[];
  /** Claims that gave none, by code. */
  readonly refused: ReadonlyMap<string, number>;
  /** Claims as the service's audit trail has them, and different guests among them. */
  readonly audited: { readonly claims: number; readonly guests: number };
  /** Looks at the pools, and how many saw a pool with more members than it may have. */
  readonly looks: { readonly count: number; readonly over: number };
  /** Pods of the service when everything was deleted. */
  readonly podsLeft: number;
  /** Requests to the API server while claims came, by verb and resource. */
  readonly requests: ReadonlyMap<string, number>;
  /** Largest resident memory of the service, MiB. */
  readonly memoryMiB: number;
}

const NAMESPACE = "machines";
const FILL_TIMEOUT_MS = 900_000;
const DRAIN_TIMEOUT_MS = 300_000;
const LOOK_EVERY_MS = 1_000;
/** A pool may have so many members beyond those that it keeps ready, while a build rolls out. */
const SURGE = 2;

/**
 * Plays a service of many machines on nodes that only say that they run them (KWOK's): the service, its builder, its
 * registry and the cluster's control plane are real.
 *
 * @param tell gets a line now and then of how it goes
 */
export async function simulate(
  size: SimulationSize,
  tell: (line: string) => void = () => {},
): Promise<SimulationReport> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "nullspace-simulation-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const cluster = stack.use(await startCluster({ kwokNodes: size.nodes }));
  tell(`a control plane with ${size.nodes} nodes is there`);
  const registry = stack.use(await startRegistry(folder));
  const builder = stack.use(await startBuildKitDaemon());
  const proxy = stack.use(await startCountingProxy(cluster.server, cluster.caFile));
  await cluster.api.create("/api/v1/namespaces", { metadata: { name: NAMESPACE } });
  const dataDir = join(folder, "data");
  const service = await startServiceProcess({
    node: [join(repo, "service", "dist", "bin", "nullspace-local.js")],
    serve: [
      ...["--builder", "buildkit", "--builder-address", builder.address],
      ...["--registry", `${registry.host}/nullspace`],
      ...[
        "--machines",
        "kubernetes",
        "--network-policy",
        "none",
        "--kubeconfig",
        await kubeconfigOver(proxy, cluster, folder),
      ],
      ...["--namespace", NAMESPACE, "--node-selector", "type=kwok"],
    ],
    dataDir,
    logFile: join(folder, "service.log"),
    env: { ...process.env, NULLSPACE_LOCAL_BASE_IMAGE: registry.busyboxImage, DOCKER_HOST: "unix:///nonexistent" },
  });
  stack.defer(() => service.stop());
  const connection = { apiKey: service.env.NULLSPACE_API_KEY, baseUrl: service.env.NULLSPACE_API_URL };
  const client = new NullspaceClient({ ...connection, timeoutMs: 120_000 });
  stack.defer(() => client.close());

  await Template.build(Template.fromImage(registry.busyboxImage).runCmd("true"), "simulated", connection);
  const beganMs = performance.now();
  const pools = await makePools(client, size);
  await until(FILL_TIMEOUT_MS, async () => {
    const ready = sum((await client.warmPools.list()).map(({ status }) => status.ready));
    tell(`${ready} of ${size.guests} members are ready`);
    return ready >= size.guests;
  });
  const filledMs = performance.now() - beganMs;

  const before = proxy.counts();
  const watch = watchPools(client, service.pid);
  const claims = await claimAtRate(client, pools, size, tell);
  const { memoryMiB, ...looks } = await watch.end();
  const requests = difference(proxy.counts(), before);

  for (const pool of pools) await client.warmPools.delete(pool);
  let podsLeft = Infinity;
  await until(DRAIN_TIMEOUT_MS, async () => {
    podsLeft = await countPods(cluster);
    tell(`${podsLeft} pods are left`);
    return podsLeft === 0;
  }).catch(() => undefined);
  return { filledMs, ...claims, audited: readAudit(dataDir), looks, podsLeft, requests, memoryMiB };
}

/** A kubeconfig whose requests are counted. */
async function kubeconfigOver(proxy: CountingProxy, cluster: Cluster, folder: string): Promise<string> {
  const config = JSON.parse(await readFile(cluster.kubeconfig, "utf8")) as {
    clusters: { cluster: Record<string, unknown> }[];
  };
  for (const each of config.clusters) each.cluster = { server: proxy.url };
  const path = join(folder, "kubeconfig");
  await writeFile(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}

async function makePools(client: NullspaceClient, { pools, guests }: SimulationSize): Promise<string[]> {
  const each = Math.ceil(guests / pools);
  const ids: string[] = [];
  for (let index = 0; index < pools; index++) {
    const pool = await client.warmPools.create({
      name: `pool-${index}`,
      template_ref: "simulated",
      min_ready: each,
      max_ready: each + SURGE,
      resources: { vcpus: 1, memory_mb: 128 },
      checkout_policy: "require",
    });
    ids.push(pool.id);
  }
  return ids;
}

/** Claims at even intervals, whatever becomes of those before: a service that is slow is not asked less. */
async function claimAtRate(
  client: NullspaceClient,
  pools: readonly string[],
  { rate, seconds, useMs }: SimulationSize,
  tell: (line: string) => void,
): Promise<Pick<SimulationReport, "claimMs" | "refused">> {
  const claimMs: number[] = [];
  const refused = new Map<string, number>();
  const running: Promise<void>[] = [];
  const beganMs = performance.now();
  for (let index = 0; index < rate * seconds; index++) {
    await sleep(Math.max(0, beganMs + (index * 1_000) / rate - performance.now()));
    if (index % (rate * 30) === 0) tell(`${index} claims were sent, ${claimMs.length} gave a machine`);
    running.push(claimOnce(pools[randomInt(pools.length)]!));
  }
  await Promise.all(running);
  return { claimMs, refused };

  async function claimOnce(pool: string): Promise<void> {
    const startMs = performance.now();
    try {
      const warm_pool = { id: pool, mode: "require", wait_ms: 10_000 } as const;
      const { id } = await client.machines.create({ template: "simulated", vcpus: 1, memory_mb: 128, warm_pool });
      claimMs.push(performance.now() - startMs);
      await sleep(useMs);
      await client.machines.delete(id);
    } catch (error) {
      const code = (error as { code?: string }).code ?? String(error);
      refused.set(code, (refused.get(code) ?? 0) + 1);
    }
  }
}

/** Looks at the pools, and at what the service takes, until it is told to end. */
function watchPools(client: NullspaceClient, pid: number) {
  const stopping = new AbortController();
  let [count, over] = [0, 0];
  const looking = (async () => {
    while (!stopping.signal.aborted) {
      for (const { status, max_ready } of await client.warmPools.list()) {
        // What was claimed and is being removed counts for no start, and comes on top.
        if (status.ready + status.warming > max_ready) over += 1;
      }
      count += 1;
      await sleep(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return {
    async end() {
      stopping.abort();
      await looking;
      const text = await readFile(`/proc/${pid}/status`, "utf8");
      return { count, over, memoryMiB: Number(/VmHWM:\s+(\d+)/.exec(text)?.[1]) / 1024 };
    },
  };
}

async function countPods(cluster: Cluster): Promise<number> {
  const path = `/api/v1/namespaces/${NAMESPACE}/pods`;
  return ((await cluster.api.get(path)) as { items: unknown[] }).items.length;
}

/** What the service's own trail says of claims: each guest goes to one machine. */
function readAudit(dataDir: string): SimulationReport["audited"] {
  const path = join(dataDir, "store.db");
  if (!existsSync(path)) throw new Error(`there is no store at ${path}`);
  const store = new DatabaseSync(path, { readOnly: true });
  try {
    const row = store
      .prepare(
        `SELECT count(*) AS claims, count(DISTINCT detail ->> 'guestId') AS guests
         FROM audit_events WHERE action = 'machine_claimed'`,
      )
      .get() as { claims: number; guests: number };
    return { claims: row.claims, guests: row.guests };
  } finally {
    store.close();
  }
}

function difference(after: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>): Map<string, number> {
  const counts = [...after].map(([what, count]) => [what, count - (before.get(what) ?? 0)] as const);
  return new Map(counts.filter(([, count]) => count > 0));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

async function until(timeoutMs: number, isDone: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!(await isDone())) {
    if (performance.now() > endMs) throw new Error(`it took more than ${timeoutMs / 1_000} s`);
    await sleep(1_000);
  }
}
