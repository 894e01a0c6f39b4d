import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { NullspaceClient } from "../../../sdk/client/index.ts";
import { Template } from "../../../sdk/index.ts";
import { inTurns, median, quantile, timed } from "../measure.ts";
import { report, type BenchOptions, type Row } from "./rows.ts";

const run = promisify(execFile);

/** Members of the pool, and containers that are started at once. */
const MANY = 20;
/** Claims one after the other in a round: what is slower than 99 in a hundred shows in some hundreds. */
const CLAIMS = 100;
/** Claims before those that count, as the other rows have a round that does not: a program's first ones compile it. */
const UNCOUNTED = 5;
const SIZE = { vcpus: 1, memory_mb: 64 };
/** What the engine does for the isolation of a machine: a bridge on which none reaches another one, few capabilities. */
const ISOLATED = [
  ...["--network", "nullspace-machines", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
  ...["--memory", `${SIZE.memory_mb}m`, "--pids-limit", "4096"],
];
const LABEL = `org.nullspace.bench=${process.pid}`;

/**
 * Claims, cold creates and refills beside `docker run -d` of the same image, on one engine, in one run.
 */
export async function benchFleet(env: Record<string, string>, options: BenchOptions): Promise<void> {
  const { base, docker, rounds } = options;
  const service = { apiKey: env.NULLSPACE_API_KEY!, baseUrl: env.NULLSPACE_API_URL! };
  const client = new NullspaceClient({ ...service, timeoutMs: 120_000 });
  const server = Template.fromImage(base)
    .setStartCmd("mkdir -p /www && exec httpd -f -p 8080 -h /www")
    .setReadyCmd({ kind: "tcp", port: 8080 });
  await Template.build(server, "bench-server", service);
  await Template.build(Template.fromImage(base), "bench-plain", service);
  const create = (template: string, pool?: string) =>
    client.machines.create({
      template,
      ...SIZE,
      ...(pool !== undefined && { warm_pool: { id: pool, mode: "require", wait_ms: 60_000 } }),
    });
  const dockerRun = (...options: string[]) =>
    run(docker, ["run", "-d", "--init", "--label", LABEL, ...options, base, "sleep", "3600"]);
  const dockerClear = async () => {
    const { stdout } = await run(docker, ["ps", "-aq", "--filter", `label=${LABEL}`]);
    if (stdout.trim() !== "") await run(docker, ["rm", "-f", ...stdout.trim().split("\n")]);
  };
  const poolOf = (template: string, members: number) =>
    client.warmPools.create({
      name: `bench-${template}`,
      template_ref: template,
      min_ready: members,
      max_ready: members,
      resources: SIZE,
    });
  const untilReady = async (pool: string, members: number) => {
    while ((await client.warmPools.get(pool)).status.ready < members) await sleep(25);
  };
  const dropPool = async (pool: string) => {
    await client.warmPools.delete(pool);
    while ((await run(docker, ["ps", "-aq", "--filter", `label=dev.nullspace.local.pool=${pool}`])).stdout !== "") {
      await sleep(100);
    }
  };
  const parallel = (count: number, work: () => Promise<unknown>) => Promise.all(Array.from({ length: count }, work));

  try {
    const created: string[] = [];
    const starts = await inTurns(
      {
        "docker run -d": () => timed(() => dockerRun()),
        "docker run -d, isolated alike": () => timed(() => dockerRun(...ISOLATED)),
        "cold create": () => timed(async () => created.push((await create("bench-plain")).id)),
        [`${MANY} docker run at once`]: async () => {
          const ms = await timed(() => parallel(MANY, () => dockerRun()));
          await dockerClear();
          return ms;
        },
        [`${MANY} docker run at once, isolated alike`]: async () => {
          const ms = await timed(() => parallel(MANY, () => dockerRun(...ISOLATED)));
          await dockerClear();
          return ms;
        },
        [`a pool of ${MANY} fills`]: async () => {
          let pool = "";
          const ms = await timed(async () => {
            pool = (await poolOf("bench-plain", MANY)).id;
            await untilReady(pool, MANY);
          });
          await dropPool(pool);
          return ms;
        },
      },
      rounds,
    );
    for (const id of created) await client.machines.delete(id);

    const { id: pool } = await poolOf("bench-server", MANY);
    await untilReady(pool, MANY);
    const claim = async (taken: string[]) => {
      const ms = await timed(async () => taken.push((await create("bench-server", pool)).id));
      return ms;
    };
    // One after the other, each given back at once; the pool refills behind them.
    const single: number[] = [];
    for (let i = -UNCOUNTED; i < rounds * CLAIMS; i++) {
      const taken: string[] = [];
      const ms = await claim(taken);
      if (i >= 0) single.push(ms);
      // As fast as the pool refills, so that it never runs dry.
      await sleep(250);
      void client.machines.delete(taken[0]!);
    }
    const together: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await untilReady(pool, MANY);
      const taken: string[] = [];
      together.push(...(await Promise.all(Array.from({ length: MANY }, () => claim(taken)))));
      await Promise.all(taken.map((id) => client.machines.delete(id)));
    }
    await dropPool(pool);

    const of = (name: string) => median(starts[name]!);
    const rows: Row[] = [
      { name: "claim, one at a time, p50", ms: median(single), target: { ms: 5 } },
      { name: "claim, one at a time, p99", ms: quantile(single, 0.99), target: { ms: 25 } },
      { name: `claim, ${MANY} at once, p99`, ms: quantile(together, 0.99), target: { ms: 60 } },
      { name: "docker run -d", ms: of("docker run -d") },
      { name: "docker run -d, isolated alike", ms: of("docker run -d, isolated alike") },
      { name: "cold create", ms: of("cold create"), target: { times: 0.9, of: "docker run -d" } },
      { name: `${MANY} docker run at once`, ms: of(`${MANY} docker run at once`) },
      { name: `${MANY} docker run at once, isolated alike`, ms: of(`${MANY} docker run at once, isolated alike`) },
      {
        name: `a pool of ${MANY} fills`,
        ms: of(`a pool of ${MANY} fills`),
        target: { times: 1 / 1.2, of: `${MANY} docker run at once` },
      },
    ];
    report(`claims and starts, ${rounds} rounds`, rows);
  } finally {
    await dockerClear();
    await client.close();
  }
}
