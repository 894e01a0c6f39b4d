import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { INSTANCE_LABEL } from "../../../service/labels.ts";
import { BASE_IMAGE, eventually, FleetFixture } from "./fleet-fixture.ts";
import { ServiceProcess } from "./service-process.ts";

const SIZE = { vcpus: 1, memory_mb: 64 };

test("a restarted service takes up its members and machines, replaces the dead, and removes strays", async () => {
  await using fixture = new FleetFixture();
  await fixture.start();
  fixture.seed("web", "default", {
    start_cmd: "exec httpd -f -p 127.0.0.1:80",
    runtime_config: { readiness: { kind: "tcp", port: 80 } },
  });
  const pool = await fixture.client.warmPools.create({
    name: "p",
    template_ref: "web",
    min_ready: 3,
    max_ready: 3,
    resources: SIZE,
  });
  await fixture.client.warmPools.waitUntilReady(pool.id, { intervalMs: 50 });
  const machine = await fixture.client.machines.create({
    template: "web",
    ...SIZE,
    warm_pool: { id: pool.id, mode: "require" },
  });
  await fixture.client.warmPools.waitUntilReady(pool.id, { intervalMs: 50 });
  const before = (await fixture.containers()).map(({ Id }) => Id);
  expect(before).toHaveLength(4);

  await fixture.stop();
  const members = (await fixture.containers()).filter(({ Labels }) => Labels?.["dev.nullspace.local.pool"] === pool.id);
  // The machine's own container carries the pool's label too; the newest is a member that refilled.
  const victim = members[0]?.Id ?? "";
  await fixture.engine.containers.kill(victim);
  const labels = { [INSTANCE_LABEL]: fixture.serviceId, "dev.nullspace.local.guest": "gst_stray" };
  const config = { Image: BASE_IMAGE, Cmd: ["sleep", "1000"], Labels: labels };
  const stray = await fixture.engine.containers.create(config, { name: `nullspace-gst_stray` });
  await fixture.engine.containers.start(stray.id);

  await fixture.start();
  expect((await fixture.client.machines.exec(machine.id, { command: "true" })).exit_code).toBe(0);
  await eventually("three members of which two are old ones", async () => {
    const now = (await fixture.containers()).map(({ Id }) => Id);
    const { status } = await fixture.client.warmPools.get(pool.id);
    return status.ready === 3 && now.length === 4 && !now.includes(victim) && !now.includes(stray.id);
  });
  const after = new Set((await fixture.containers()).map(({ Id }) => Id));
  expect(before.filter((id) => after.has(id))).toHaveLength(3);
});

test("a restart while a tag leads to a build that cannot start keeps the members, and gives them out at once", async () => {
  await using fixture = new FleetFixture();
  await fixture.start();
  const good = {
    start_cmd: "exec httpd -f -p 127.0.0.1:80",
    runtime_config: { readiness: { kind: "tcp" as const, port: 80 } },
  };
  fixture.seed("web", "stable", good);
  const make = (name: string) =>
    fixture.client.warmPools.create({
      name,
      template_ref: "web:stable",
      version_policy: "track_tag",
      min_ready: 2,
      max_ready: 3,
      resources: SIZE,
    });
  const [open, closed] = [await make("open"), await make("closed")];
  for (const { id } of [open, closed]) await fixture.client.warmPools.waitUntilReady(id, { intervalMs: 50 });
  await fixture.client.warmPools.disable(closed.id);
  const members = new Set((await fixture.containers()).map(({ Id }) => Id));
  await fixture.stop();
  await fixture.start();
  // In the first moment after the restart, as before it.
  fixture.seed("web", "stable", { start_cmd: "exit 1" });
  for (const { id } of [open, closed]) expect((await fixture.client.warmPools.get(id)).status.ready).toBe(2);
  const machine = await fixture.client.machines.create({
    template: "web:stable",
    ...SIZE,
    warm_pool: { id: open.id, mode: "require" },
  });
  expect(machine.warm_pool_checkout).toMatchObject({ hit: true });
  await eventually("a start that failed", async () => (await fixture.client.warmPools.get(open.id)).status.failed > 0);
  expect((await fixture.client.warmPools.get(open.id)).status.ready).toBe(1);
  expect((await fixture.client.warmPools.get(closed.id)).status.ready).toBe(2);
  const now = new Set((await fixture.containers()).map(({ Id }) => Id));
  expect([...members].filter((id) => !now.has(id))).toEqual([]);
});

test("a member whose server has died is not given out, and is replaced", async () => {
  await using fixture = new FleetFixture();
  await fixture.start();
  fixture.seed("web", "default", {
    // The main process lives on without its server.
    start_cmd: "httpd -f -p 127.0.0.1:80 & while :; do sleep 1; done",
    runtime_config: { readiness: { kind: "http", port: 80, path: "/etc/hostname" } },
  });
  const settings = { template_ref: "web", min_ready: 1, max_ready: 1, resources: SIZE };
  const pool = await fixture.client.warmPools.create({ name: "p", ...settings });
  await fixture.client.warmPools.waitUntilReady(pool.id, { intervalMs: 50 });
  const before = (await fixture.containers())[0]!.Id;
  await fixture.engine.containers.exec(before, { cmd: ["killall", "httpd"] });
  await eventually("another member", async () => {
    const containers = await fixture.containers();
    const { status } = await fixture.client.warmPools.get(pool.id);
    return status.ready === 1 && containers.every(({ Id }) => Id !== before);
  });
});

test("a drain and a delete go on after a restart", async () => {
  await using fixture = new FleetFixture();
  await fixture.start();
  fixture.seed("web", "default");
  const make = (name: string) =>
    fixture.client.warmPools.create({ name, template_ref: "web", min_ready: 1, max_ready: 1, resources: SIZE });
  const [drained, deleted] = [await make("drained"), await make("deleted")];
  for (const { id } of [drained, deleted]) await fixture.client.warmPools.waitUntilReady(id, { intervalMs: 50 });
  // Recorded and nothing more: as a service leaves it that is killed right after its answer.
  fixture.db.run("UPDATE warm_pools SET state = CASE name WHEN 'drained' THEN 'draining' ELSE 'deleted' END");
  await fixture.stop();
  expect(await fixture.containers()).toHaveLength(2);
  await fixture.start();
  await eventually("everything gone", async () => (await fixture.containers()).length === 0);
  await eventually(
    "the drain's end",
    async () => (await fixture.client.warmPools.get(drained.id)).state === "disabled",
  );
});

test("a machine whose creation was cut short is forgotten, and its key makes one machine again", async () => {
  await using fixture = new FleetFixture();
  await fixture.start();
  fixture.seed("slow", "default", {
    start_cmd: "sleep 1000",
    runtime_config: { readiness: { kind: "timeout", timeout_ms: 60_000 } },
  });
  const key = randomUUID();
  const cut = fixture.client.machines
    .create({ template: "slow", ...SIZE }, { idempotencyKey: key })
    .catch((error: unknown) => error);
  await eventually("its container", async () => (await fixture.containers()).length === 1);
  await fixture.stop();
  expect(await cut).toBeInstanceOf(Error);
  await fixture.start();
  await eventually("its container gone", async () => (await fixture.containers()).length === 0);
  fixture.seed("slow", "default");
  const machine = await fixture.client.machines.create({ template: "slow", ...SIZE }, { idempotencyKey: key });
  expect(machine.status).toBe("running");
  expect(await fixture.containers()).toHaveLength(1);
});

const service = new ServiceProcess();
beforeAll(() => service.start());
afterAll(() => service[Symbol.asyncDispose]());

test("a service that is killed again and again while it fills a pool ends with the pool, no container more", async () => {
  const pool = await service.client.warmPools.create({
    name: "crash",
    template_ref: "base",
    min_ready: 4,
    max_ready: 4,
    resources: SIZE,
  });
  for (const containers of [1, 2, 3]) {
    await eventually("a few containers", async () => (await service.containers()).length >= containers);
    await service.kill();
    await service.start();
  }
  await service.client.warmPools.waitUntilReady(pool.id, { intervalMs: 50 });
  await eventually("four containers", async () => (await service.containers()).length === 4);
  const machine = await service.client.machines.create({
    template: "base",
    ...SIZE,
    warm_pool: { id: pool.id, mode: "require" },
  });
  await service.kill();
  await service.start();
  expect((await service.client.machines.exec(machine.id, { command: "echo", args: ["alive"] })).stdout).toBe("alive\n");
  await service.client.warmPools.delete(pool.id);
  await service.client.machines.delete(machine.id);
  await eventually("nothing left", async () => (await service.containers()).length === 0);
});
