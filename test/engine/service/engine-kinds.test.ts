import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { NullspaceClient } from "../../../sdk/client/index.ts";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { OwnEngine } from "../docker/own-engine.ts";
import { BASE_IMAGE, RunningService } from "./running-service.ts";
import { SmallDisk } from "./small-disk.ts";

/** A service on an engine of its own. */
async function serviceOn(own: OwnEngine): Promise<{ service: RunningService; client: NullspaceClient }> {
  await promisify(execFile)("sh", ["-c", `docker save ${BASE_IMAGE} | docker --host ${own.host} load`]);
  const service = await RunningService.start({ dockerHost: own.host });
  return { service, client: new NullspaceClient({ baseUrl: service.url, apiKey: service.apiKey }) };
}

describe("an engine with user namespaces", () => {
  it(
    "runs builds, pools and machines, in which root is a user without rights on the host",
    { timeout: 180_000 },
    async () => {
      await using own = await OwnEngine.start(
        { "userns-remap": "nobody:nogroup" },
        {},
        { ownNetwork: true, subordinateIds: "nobody:200000:65536\nnogroup:200000:65536\n" },
      );
      const { service, client } = await serviceOn(own);
      await using _service = service;
      await service.build({
        name: "server",
        dockerfile: `FROM ${BASE_IMAGE}\nRUN id -u > /made\n`,
        start_cmd: "mkdir -p /www && exec httpd -f -p 8080 -h /www",
        readiness: { kind: "tcp", port: 8080 },
      });
      const size = { vcpus: 1, memory_mb: 64 };
      const pool = await client.warmPools.create({
        name: "servers",
        template_ref: "server",
        min_ready: 1,
        max_ready: 1,
        resources: size,
      });
      while ((await client.warmPools.get(pool.id)).status.ready < 1) await setTimeout(50);
      const machine = await client.machines.create({
        template: "server",
        ...size,
        warm_pool: { id: pool.id, mode: "require" },
      });
      const command = "id -u; cat /made; awk '{print $2}' /proc/self/uid_map";
      const { stdout } = await client.machines.exec(machine.id, { command, shell: true });
      expect(stdout.trim().split("\n")).toEqual(["0", "0", "200000"]);
      const engine = new DockerEngine({ host: own.host });
      for (const { Id } of await engine.containers.list({})) {
        const { State } = await engine.containers.inspect(Id);
        expect(readFileSync(`/proc/${State.Pid}/status`, "utf8")).toMatch(/^Uid:\t200000\t/m);
      }
      await client.warmPools.delete(pool.id);
      await client.machines.delete(machine.id);
      while ((await engine.containers.list({ all: true })).length > 0) await setTimeout(50);
      await engine.close();
      await client.close();
    },
  );
});

describe("an engine on btrfs", () => {
  it("holds what a machine writes to disk_mb, and one without it to nothing", { timeout: 120_000 }, async () => {
    using disk = new SmallDisk("btrfs", 2_048);
    await using own = await OwnEngine.start({}, {}, { ownNetwork: true, data: disk.path });
    const { service, client } = await serviceOn(own);
    await using _service = service;
    const write = async (size: object) => {
      const { id } = await client.machines.create({ memory_mb: 128, ...size });
      const command = "dd if=/dev/zero of=/big bs=1M count=200";
      const { exit_code, stderr } = await client.machines.exec(id, { command, shell: true });
      await client.machines.delete(id);
      return { exit_code, isOverQuota: stderr.includes("Disk quota exceeded") };
    };
    expect(await write({ disk_mb: 100 })).toEqual({ exit_code: 1, isOverQuota: true });
    expect(await write({})).toEqual({ exit_code: 0, isOverQuota: false });
    await client.close();
  });
});
