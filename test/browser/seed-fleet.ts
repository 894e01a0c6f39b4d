import { REPLICAS_LABEL } from "../../service/fleet/pools/native/replicas-label.ts";
import { LiveCommand } from "../../service/fleet/machines/live-commands.ts";
import { MachineExitedError } from "../../service/fleet/guests/driver-errors.ts";
import { artifactOfBuild, updateArtifact } from "../../service/store/artifacts.ts";
import { GuestStore } from "../../service/store/guests.ts";
import { PoolStore } from "../../service/store/warm-pools.ts";
import { addPoolSample } from "../../service/store/pool-samples.ts";
import type { CreateMachineRequest, CreateWarmPoolRequest } from "../../sdk/wire/index.ts";
import { until, type PageWorld } from "./page-world.ts";

/** What callers gave the service and no page may ever show. */
export const HIDDEN = {
  key: "key-of-ann-0123456789-0123456789",
  revokedKey: "key-of-old-laptop-0123456789-0123456789",
  token: "tok-4f0c2d9ab7e1",
  /** Short, under a name that tells what it is. */
  password: "pw9c81",
  variable: "plain-value-of-a-variable",
  templateSecret: "secret-of-the-template",
  machineMetadata: "value-of-metadata-of-a-machine",
  poolMetadata: "value-of-metadata-of-a-pool",
} as const;

/** Size of every machine. */
const SIZE = { vcpus: 1, memory_mb: 256 };

const MINUTE_MS = 60_000;

/** Pools, machines and keys of all kinds, by what they are. */
export interface SeededFleet {
  pools: {
    /** Has what it should; a machine was handed out. */
    full: string;
    /** Rolls to a new build, whose members do not become ready. */
    rolling: string;
    /** Has no member, because each fails at its start. */
    failing: string;
    disabled: string;
    deleted: string;
    /** Is kept for other programs, too, and rolls there to a build whose members do not get ready. */
    native: string;
  };
  machines: {
    /** Runs commands, and has written much. */
    running: string;
    /** Came out of a pool. */
    ofPool: string;
    paused: string;
    ended: string;
    failed: string;
  };
  /** Good keys of ann, who did all of this, and of a CI. */
  keys: { ann: string; ci: string };
  /** Builds of the template that a pool rolls from and to. */
  shop: [from: string, to: string];
  /** Artifact that nothing needs any more, and that the next sweep takes. */
  spare: string;
  /** Ends what is held. */
  release: () => void;
}

/** What a service has whose pools and machines are in use. A key called ann has done it. */
export async function seedFleet(world: PageWorld): Promise<SeededFleet> {
  const { keys } = world;
  const ann = keys.add("ann", HIDDEN.key).keyId;
  const as = <T>(work: () => T): T => world.as("ann", work);
  const ci = as(() => keys.add("ci", "key-of-ci-0123456789-0123456789-0123").keyId);
  as(() => keys.add("old-laptop", HIDDEN.revokedKey));
  as(() => keys.revoke("old-laptop"));

  const shop = await readyShop(world);
  const jobs = await world.ready({
    name: "jobs",
    tags: ["prod"],
    start_cmd: "node jobs.js",
    runtime_config: { default_envs: { JOBS_TOKEN: HIDDEN.templateSecret } },
  });
  failStartsOf(world, jobs);
  const pools = await seedPools(world, as);
  const { machines, release } = await seedMachines(world, as, pools.full);
  failNative(world);
  await rollOut(world, as, shop, pools);
  drawHistory(world, pools.full);
  return { pools, machines, keys: { ann, ci }, shop, spare: await readySpare(world), release };
}

async function readyShop(world: PageWorld): Promise<[string, string]> {
  const request = {
    name: "shop",
    start_cmd: "node shop.js",
    runtime_config: {
      default_envs: { SHOP_PASSWORD: HIDDEN.templateSecret },
      readiness: { kind: "command", command: "true", timeout_secs: 3_600 },
    },
  };
  return [await world.ready({ ...request, tags: ["prod"] }), await world.ready({ ...request, tags: ["next"] })];
}

/** Machines of a build end at once, and say why. */
function failStartsOf(world: PageWorld, buildId: string): void {
  const { start } = world.driver;
  const imageId = `sha256:${buildId}`;
  world.driver.start = async (spec) => {
    if (spec.artifact.imageId !== imageId) return start.call(world.driver, spec);
    const logTail = ["Error: the queue refuses the token", `JOBS_TOKEN=${HIDDEN.templateSecret}`];
    throw new MachineExitedError({ exitCode: 1, outOfMemory: false, logTail });
  };
}

type As = <T>(work: () => T) => T;

async function seedPools(world: PageWorld, as: As): Promise<SeededFleet["pools"]> {
  const { pools } = world.service.fleet;
  const create = async (settings: Partial<CreateWarmPoolRequest> & { name: string }) => {
    const defaults = { template_ref: "shop:prod", min_ready: 2, max_ready: 4, resources: SIZE };
    return (await as(() => pools.create({ ...defaults, ...settings }))).id;
  };
  const full = await create({
    name: "shop-full",
    version_policy: "pinned_build",
    labels: { team: "shop", region: "eu" },
    metadata: { owner: HIDDEN.poolMetadata },
  });
  const rolling = await create({ name: "shop-rolling", version_policy: "track_tag", track_tag: "prod" });
  const failing = await create({ name: "jobs-failing", template_ref: "jobs:prod" });
  const disabled = await create({ name: "shop-at-night", min_ready: 1 });
  const deleted = await create({ name: "shop-of-before", min_ready: 0 });
  const native = await create({
    name: `shop-<b>for</b>-${"others-".repeat(8)}`,
    min_ready: 0,
    version_policy: "track_tag",
    track_tag: "prod",
    labels: { [REPLICAS_LABEL]: "4" },
  });
  await until("pools have their members", () => [full, rolling].every((id) => readyOf(world, id) >= 2));
  await until("a pool has failed", () => pools.get(failing).degraded_reason === "artifact_prewarm_failed");
  await as(() => pools.disable(disabled));
  await as(() => pools.delete(deleted));
  return { full, rolling, failing, disabled, deleted, native };
}

function readyOf(world: PageWorld, poolId: string): number {
  return new GuestStore(world.db).ofPool(poolId).filter(({ state }) => state === "ready").length;
}

async function seedMachines(world: PageWorld, as: As, poolId: string) {
  const { fleet } = world.service;
  let count = 0;
  const create = async (request: CreateMachineRequest = {}) => {
    const all = { template: "shop:prod", timeout_ms: 3_600_000, ...SIZE, ...request };
    return (await as(() => fleet.creator.create(`seeded-${(count += 1)}`, all))).machineId;
  };
  const ofPool = await create({ warm_pool: { id: poolId, mode: "require", wait_ms: 10_000 } });
  const running = await create({
    envs: { API_TOKEN: HIDDEN.token, DB_PASS: HIDDEN.password, GREETING: HIDDEN.variable },
    metadata: { order: HIDDEN.machineMetadata },
    inactivity_timeout_ms: 600_000,
    cwd: "/work",
  });
  const [paused, ended, failed] = [await create(), await create(), await create()];
  await as(() => fleet.machines.pause(paused));
  await as(() => fleet.machines.destroy(ended));
  const guests = new GuestStore(world.db);
  world.driver.kill(guests.ofMachine(failed)!.guestId);
  await until("a machine has failed", () => fleet.machines.get(failed).status === "error");
  return {
    machines: { running, ofPool, paused, ended, failed },
    release: useMachine(world, running, guests.ofMachine(running)!.guestId),
  };
}

/** A machine that has written something, and in which commands run. @returns what ends them */
function useMachine(world: PageWorld, machineId: string, guestId: string): () => void {
  const { fleet } = world.service;
  const told = [`listens, and greets with ${HIDDEN.variable}`, `token ${HIDDEN.token}, password ${HIDDEN.password}`];
  world.driver.guests.get(guestId)!.lines.push(...told, ...Array.from({ length: 18 }, (_, n) => `request ${n}: 200`));
  const { exec } = world.driver;
  const background = [`211 1 worker --token ${HIDDEN.token} --queue mail`, "198 0 migrate"];
  world.driver.exec = async (id, command) => {
    if (id !== guestId) return exec.call(world.driver, id, command);
    return { exitCode: 0, stdout: `${background.join("\n")}\n`, stderr: "", truncated: false };
  };
  const command = new LiveCommand(machineId, `npm test -- --reporter=dot --token=${HIDDEN.token}`);
  command.pid = 305;
  fleet.live.add(command);
  const { promise, resolve } = Promise.withResolvers<void>();
  void fleet.machines.inUse(machineId, () => promise);
  return resolve;
}

/** Members of what is kept for other programs end at once, from the second generation on, and say why. */
function failNative({ nativePools }: PageWorld): void {
  const logTail = ["Error: the shop refuses the password", `SHOP_PASSWORD=${HIDDEN.templateSecret}`];
  nativePools.readyOf = ({ generation }) => (generation === 1 ? Infinity : 0);
  nativePools.failure = (objectName) =>
    objectName.endsWith("-g1") ? undefined : new MachineExitedError({ exitCode: 1, outOfMemory: false, logTail });
}

/** The tag that a pool follows moves to a build whose members run and do not become ready. */
async function rollOut(
  world: PageWorld,
  as: As,
  [, to]: [string, string],
  { rolling: poolId, native }: SeededFleet["pools"],
): Promise<void> {
  world.driver.onStart = ({ guestId, artifact, poolId: of }) => {
    if (of === poolId && artifact.imageId === `sha256:${to}`) world.driver.unwell.add(guestId);
  };
  as(() => world.service.builds.promote(to, ["prod"]));
  await until("a pool rolls", () => world.driver.unwell.size > 0);
  await until("a pool for other programs rolls", () => {
    return world.service.fleet.nativeStatus(native)?.failure !== undefined;
  });
}

/** What the picture of a pool is drawn from: it was short for a while, and busy for another. */
function drawHistory(world: PageWorld, poolId: string): void {
  const { seq: poolSeq } = new PoolStore(world.db).numbered(poolId)!;
  const nowMs = Date.now();
  for (let minute = 300; minute > 0; minute -= 10) {
    const isBusy = minute < 220 && minute > 150;
    const sample = { floor: 2, ready: isBusy ? 1 : 2 + (minute % 3), warming: isBusy ? 1 : 0, claimed: isBusy ? 6 : 1 };
    addPoolSample(world.db, { poolSeq, atMs: nowMs - minute * MINUTE_MS, ...sample });
  }
}

/** A template of which an image is of no use any more, and past its time. @returns its artifact */
async function readySpare(world: PageWorld): Promise<string> {
  const old = await world.ready({ name: "reports", tags: ["prod"] });
  await world.ready({ name: "reports", tags: ["prod"] });
  const { templateId } = artifactOfBuild(world.db, old)!;
  updateArtifact(world.db, templateId, { unpinnedAt: "2020-01-01T00:00:00.000Z" });
  return templateId;
}
