import { execFile } from "node:child_process";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { NullspaceClient } from "../../../sdk/client/index.ts";
import { DockerEngine } from "../../../sdk/docker/index.ts";
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
const LABEL = { name: "org.nullspace.bench", value: `${process.pid}` };
/** {@link ISOLATED} for the engine's own calls. */
const ISOLATED_CONFIG = {
  NetworkMode: "nullspace-machines",
  CapDrop: ["ALL"],
  SecurityOpt: ["no-new-privileges"],
  Memory: SIZE.memory_mb * 1024 * 1024,
  PidsLimit: 4096,
  Init: true,
};
/** A page of the store's log. */
const PAGE = Buffer.alloc(4096, 1);

/**
 * Claims, cold creates and refills beside `docker run -d` of the same image, on one engine, in one run.
 */
export async function benchFleet(env: Record<string, string>, options: BenchOptions): Promise<void> {
  const { base, docker, folder, rounds } = options;
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
    run(docker, ["run", "-d", "--init", "--label", `${LABEL.name}=${LABEL.value}`, ...options, base, "sleep", "3600"]);
  const dockerClear = async () => {
    const { stdout } = await run(docker, ["ps", "-aq", "--filter", `label=${LABEL.name}=${LABEL.value}`]);
    if (stdout.trim() !== "") await run(docker, ["rm", "-f", ...stdout.trim().split("\n")]);
  };
  const engine = new DockerEngine();
  /** What every start costs that is made by way of the engine: its own two calls, with nothing around them. */
  const bareStart = async () => {
    const { id } = await engine.containers.create({
      Image: base,
      Cmd: ["sleep", "3600"],
      Labels: { [LABEL.name]: LABEL.value },
      HostConfig: ISOLATED_CONFIG,
    });
    await engine.containers.start(id);
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
        "the engine's create and start alone, isolated alike": () => timed(bareStart),
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
        [`${MANY} of the engine's create and start at once, isolated alike`]: async () => {
          const ms = await timed(() => parallel(MANY, bareStart));
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
    // One after the other, each given back at once; the pool refills behind them. Before every other one, at the same moment
    // of the same work, what no claim can do without: one request and its answer, and one page of a file brought to the disk.
    const single: number[] = [];
    const bare: number[] = [];
    const log = await open(join(folder, "log"), "w");
    for (let i = -2 * UNCOUNTED; i < 2 * rounds * CLAIMS; i++) {
      const taken: string[] = [];
      if (i % 2 !== 0) {
        const ms = await timed(async () => {
          await client.templates.get("bench-server");
          await log.write(PAGE);
          await log.datasync();
        });
        if (i >= 0) bare.push(ms);
      }
      const ms = await claim(taken);
      if (i >= 0 && i % 2 === 0) single.push(ms);
      // As fast as the pool refills, so that it never runs dry.
      await sleep(250);
      void client.machines.delete(taken[0]!);
    }
    await log.close();
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
      { name: "a GET and a synced page, one at a time, p50", ms: median(bare) },
      { name: "a GET and a synced page, one at a time, p99", ms: quantile(bare, 0.99) },
      { name: "docker run -d", ms: of("docker run -d") },
      { name: "docker run -d, isolated alike", ms: of("docker run -d, isolated alike") },
      {
        name: "the engine's create and start alone, isolated alike",
        ms: of("the engine's create and start alone, isolated alike"),
      },
      { name: "cold create", ms: of("cold create"), target: { times: 0.9, of: "docker run -d" } },
      { name: `${MANY} docker run at once`, ms: of(`${MANY} docker run at once`) },
      { name: `${MANY} docker run at once, isolated alike`, ms: of(`${MANY} docker run at once, isolated alike`) },
      {
        name: `${MANY} of the engine's create and start at once, isolated alike`,
        ms: of(`${MANY} of the engine's create and start at once, isolated alike`),
      },
      {
        name: `a pool of ${MANY} fills`,
        ms: of(`a pool of ${MANY} fills`),
        target: { times: 1 / 1.2, of: `${MANY} docker run at once` },
      },
    ];
    report(`claims and starts, ${rounds} rounds`, rows);
  } finally {
    await dockerClear();
    await engine.close();
    await client.close();
  }
}
