import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_CLUSTER } from "../cluster/tools.ts";
import { install, instanceIdOf, logsOf, type Installation } from "./installation.ts";

/** Others look at the network, or pull images ahead, and go by themselves. */
const GUESTS = "--selector=dev.nullspace.local.guest";
const SIZE = { vcpus: 1, memory_mb: 64 };

describe.skipIf(!HAS_CLUSTER)("the service of deploy/kubernetes, as a pod on a kubelet", () => {
  let installed: Installation;
  let poolId: string;
  const taken: string[] = [];

  beforeAll(async () => {
    installed = await install();
  });
  afterAll(() => installed?.[Symbol.asyncDispose]());

  const claim = async () => {
    const pool = { id: poolId, mode: "require" as const, wait_ms: 60_000 };
    const machine = await installed.client.machines.create({ template: "web:stable", ...SIZE, warm_pool: pool });
    taken.push(machine.id);
    return machine;
  };
  const read = async (machineId: string) =>
    (await installed.client.machines.exec(machineId, { command: "cat", args: ["/www/v"] })).stdout.trim();
  const ready = () =>
    expect
      .poll(async () => (await installed.client.warmPools.get(poolId)).status.ready, { timeout: 60_000, interval: 200 })
      .toBe(1);
  const machinePods = async () =>
    (await installed.kubectl("get", "pods", "--namespace=nullspace-machines", GUESTS, "--output=name"))
      .trim()
      .split("\n")
      .sort();

  it("comes up with the account, the volume, the certificate and the settings of the manifests", async () => {
    const { image } = await installed.untilUp();
    expect(image).toBe(installed.images.first);
    expect(await installed.client.templates.list()).toEqual([]);
    expect(await logsOf(installed)).toContain("service is up");
  });

  it("builds a template by the builder, fills a pool with pods, and hands one out", async () => {
    const { client, baseImage } = installed;
    const started = await client.builds.start({
      name: "web",
      tags: ["stable"],
      dockerfile: `FROM ${baseImage}\nRUN mkdir /www && echo one > /www/v\n`,
      start_cmd: "exec httpd -f -p 127.0.0.1:80 -h /www",
      runtime_config: { readiness: { kind: "http", port: 80, path: "/v" }, default_user: "0" },
    });
    expect((await client.builds.waitUntilTerminal(started.build_id)).build.status).toBe("ready");
    const pool = await client.warmPools.create({
      name: "p",
      template_ref: "web:stable",
      version_policy: "track_tag",
      min_ready: 1,
      max_ready: 2,
      resources: SIZE,
    });
    poolId = pool.id;
    const machine = await claim();
    expect(await read(machine.id)).toBe("one");
    await ready();
    expect(await machinePods()).toHaveLength(2);
  });

  it("has lost nothing when its pod is deleted, and its machines have not noticed", async () => {
    const { client, kubectl } = installed;
    const [before, pods, id] = [await client.builds.list("web"), await machinePods(), await instanceIdOf(installed)];
    const written = await client.machines.exec(taken[0]!, { command: "sh", args: ["-c", "echo kept > /www/kept"] });
    expect(written.exit_code).toBe(0);
    const { name } = await installed.untilUp();
    await kubectl("delete", "pod", name, "--namespace=nullspace", "--wait=true");
    expect((await installed.untilUp()).name).not.toBe(name);
    expect(await client.builds.list("web")).toEqual(before);
    expect(await instanceIdOf(installed)).toBe(id);
    expect(await machinePods()).toEqual(pods);
    const kept = await client.machines.exec(taken[0]!, { command: "cat", args: ["/www/kept"] });
    expect(kept).toMatchObject({ exit_code: 0, stdout: "kept\n" });
    expect(await read((await claim()).id)).toBe("one");
  });

  it("has lost nothing when it was killed without a word", async () => {
    const { client, kubectl } = installed;
    const before = await client.builds.list("web");
    const { name } = await installed.untilUp();
    await kubectl("delete", "pod", name, "--namespace=nullspace", "--grace-period=0", "--force");
    await kubectl("wait", "--for=delete", `pod/${name}`, "--namespace=nullspace", "--timeout=60s");
    await installed.untilUp();
    expect(await client.builds.list("web")).toEqual(before);
    for (const id of taken) expect(await read(id)).toBe("one");
    await ready();
  });

  it("goes on with the next image: builds, pools, machines and keys are those of before", async () => {
    const { client, kubectl, images, baseImage } = installed;
    await kubectl("set", "image", "deployment/nullspace", `nullspace-local=${images.second}`, "--namespace=nullspace");
    expect((await installed.untilUp()).image).toBe(images.second);
    for (const id of taken) expect(await read(id)).toBe("one");
    const next = await client.builds.start({
      name: "web",
      tags: ["stable"],
      dockerfile: `FROM ${baseImage}\nRUN mkdir /www && echo two > /www/v\n`,
      start_cmd: "exec httpd -f -p 127.0.0.1:80 -h /www",
      runtime_config: { readiness: { kind: "http", port: 80, path: "/v" }, default_user: "0" },
    });
    expect((await client.builds.waitUntilTerminal(next.build_id)).build.status).toBe("ready");
    await expect
      .poll(
        async () => {
          const { status, rollout_generation: generation } = await client.warmPools.get(poolId);
          return [generation, status.ready, status.warming];
        },
        { timeout: 90_000, interval: 200 },
      )
      .toEqual([2, 1, 0]);
    expect(await read((await claim()).id)).toBe("two");
    for (const id of taken) await client.machines.delete(id);
    await client.warmPools.delete(poolId);
    await expect.poll(machinePods, { timeout: 60_000, interval: 200 }).toEqual([""]);
  });
});
