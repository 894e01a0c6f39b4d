import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NullspaceClient } from "../../../sdk/client/index.ts";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { OwnEngine } from "../docker/own-engine.ts";
import { BASE_IMAGE, RunningService } from "./running-service.ts";

const run = promisify(execFile);

/** Answers under a few addresses: one of the internet, a private one, a cloud's metadata. */
const ELSEWHERE = { internet: "203.0.113.2", "private network": "10.99.0.2", metadata: "169.254.169.254" };
/** The host's address on the way there. */
const HOST_ADDRESS = "203.0.113.1";

/** Root that was given up comes back by a setuid program. */
const SETUID = [
  "mkdir -p /s && cp /bin/busybox /s/su && chmod 4755 /s/su",
  "echo root::0:0:root:/:/bin/sh > /etc/passwd && echo nobody:x:65534:65534:nobody:/:/bin/sh >> /etc/passwd",
  `test "$(su nobody -s /bin/sh -c '/s/su root -c "id -u"')" = 0`,
].join(" && ");

let folder: string;
let own: OwnEngine;
let engine: DockerEngine;
let service: RunningService;
let client: NullspaceClient;
const servers: ChildProcess[] = [];

/** A web server in the network namespace of a process. */
function listen(pid: number, port: number): void {
  servers.push(
    spawn("nsenter", ["-t", String(pid), "-n", "busybox", "httpd", "-f", "-p", String(port), "-h", folder], {
      stdio: "ignore",
    }),
  );
}

const inNamespace = (pid: number, script: string) => run("nsenter", ["-t", String(pid), "-n", "sh", "-ec", script]);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "nullspace-isolation-"));
  writeFileSync(join(folder, "index.html"), "here\n");
  own = await OwnEngine.start({}, {}, { ownNetwork: true });
  const elsewhere = spawn("unshare", ["--net", "sleep", "1000"], { stdio: "ignore" });
  servers.push(elsewhere);
  await once(elsewhere, "spawn");
  while (!(await isInOwnNamespace(elsewhere.pid!))) await setTimeout(20);
  const addresses = ["203.0.113.1/24", "10.99.0.1/24", "169.254.169.1/24"];
  await inNamespace(
    own.pid,
    `ip link set lo up; ip link add up0 type veth peer name up1; ip link set up1 netns ${elsewhere.pid}; ip link set up0 up
     for a in ${addresses.join(" ")}; do ip addr add $a dev up0; done`,
  );
  await inNamespace(
    elsewhere.pid!,
    `ip link set up1 up; for a in ${Object.values(ELSEWHERE).join(" ")}; do ip addr add $a/24 dev up1; done`,
  );
  listen(elsewhere.pid!, 8098);
  listen(own.pid, 8099);
  await run("sh", ["-c", `docker save ${BASE_IMAGE} | docker --host ${own.host} load`]);
  engine = new DockerEngine({ host: own.host });
  service = await RunningService.start({ dockerHost: own.host });
  client = new NullspaceClient({ baseUrl: service.url, apiKey: service.apiKey });
}, 120_000);

afterAll(async () => {
  await client?.close();
  await service?.[Symbol.asyncDispose]();
  for (const { Id } of (await engine?.containers.list({ all: true })) ?? [])
    await engine.containers.remove(Id, { force: true });
  await engine?.close();
  for (const server of servers) server.kill("SIGKILL");
  await own?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

async function isInOwnNamespace(pid: number): Promise<boolean> {
  const { stdout } = await run("readlink", [`/proc/${pid}/ns/net`, "/proc/self/ns/net"]);
  const [theirs, ours] = stdout.trim().split("\n");
  return theirs !== ours;
}

/** What one container may do, tried with another one in its network. */
async function tryAll(containerId: string, neighbourId: string): Promise<Record<string, "open" | "closed">> {
  const networks = (await engine.containers.inspect(neighbourId)).NetworkSettings?.Networks ?? {};
  const [network] = Object.values(networks);
  const get = (address: string, port: number) => `timeout 3 wget -q -O /dev/null http://${address}:${port}/`;
  const scripts: Record<string, string> = {
    "another machine": get(String(network?.IPAddress), 8097),
    "the gateway": get(String(network?.Gateway), 8099),
    "the host": get(HOST_ADDRESS, 8099),
    ...Object.fromEntries(Object.entries(ELSEWHERE).map(([name, address]) => [name, get(address, 8098)])),
    "raw socket": "ping -c 1 -w 2 127.0.0.1",
    mknod: "mknod /device b 8 0",
    "setuid gain": SETUID,
  };
  const results: Record<string, "open" | "closed"> = {};
  for (const [name, script] of Object.entries(scripts)) {
    const { exitCode } = await engine.containers.exec(containerId, { cmd: ["sh", "-c", script] });
    results[name] = exitCode === 0 ? "open" : "closed";
  }
  return results;
}

const SERVE = "mkdir -p /w && echo hi > /w/index.html && httpd -p 8097 -h /w";

/** The containers of two machines. */
async function twoMachines(): Promise<[string, string]> {
  const { id: first } = await client.machines.create({ memory_mb: 64 });
  const { id: second } = await client.machines.create({ memory_mb: 64 });
  await client.machines.exec(second, { command: SERVE, shell: true });
  const containers = await engine.containers.list({ filters: { label: ["dev.nullspace.local.machine"] } });
  const of = (machineId: string) =>
    containers.find(({ Labels }) => Labels?.["dev.nullspace.local.machine"] === machineId)!.Id;
  return [of(first), of(second)];
}

describe("what a machine reaches and may do", () => {
  const everything = (value: "open" | "closed") => ({
    "another machine": value,
    "the gateway": value,
    "the host": value,
    "private network": value,
    metadata: value,
    "raw socket": value,
    mknod: value,
    "setuid gain": value,
    internet: "open",
  });

  it("is all of it in a container as Docker makes it", { timeout: 120_000 }, async () => {
    const start = async () => {
      const { id } = await engine.containers.create({ Image: BASE_IMAGE, Entrypoint: ["sleep", "1000"], Cmd: [] });
      await engine.containers.start(id);
      return id;
    };
    const [first, second] = [await start(), await start()];
    await engine.containers.exec(second, { cmd: ["sh", "-c", SERVE] });
    expect(await tryAll(first, second)).toEqual(everything("open"));
  });

  it(
    "is less by what the engine can do itself, and only the internet with the firewall",
    { timeout: 180_000 },
    async () => {
      const [first, second] = await twoMachines();
      expect(await tryAll(first, second)).toEqual({
        ...everything("closed"),
        // These are on the other side of the engine's own firewall.
        "the gateway": "open",
        "the host": "open",
        "private network": "open",
        metadata: "open",
      });
      const command = [
        "--conditions=nullspace-source",
        "service/bin/nullspace-local.ts",
        "firewall",
        "--docker-host",
        own.host,
      ];
      const { stdout: script } = await run(process.execPath, command);
      for (const _twice of [1, 2]) await inNamespace(own.pid, script);
      expect(await tryAll(first, second)).toEqual(everything("closed"));
      const { stdout: withAllowed } = await run(process.execPath, [
        ...command,
        "--allow",
        ELSEWHERE["private network"],
      ]);
      await inNamespace(own.pid, withAllowed);
      expect(await tryAll(first, second)).toEqual({ ...everything("closed"), "private network": "open" });
    },
  );

  it("is nothing of the network for one without internet access, which is ready and runs commands all the same", async () => {
    const { id } = await client.machines.create({ memory_mb: 64, internet_access: false });
    const { stdout } = await client.machines.exec(id, {
      command: "ls /sys/class/net; cat /proc/net/route | wc -l",
      shell: true,
    });
    expect(stdout.split(/\s+/).filter(Boolean)).toEqual(["lo", "1"]);
  });
});

describe("the size of a machine", () => {
  it.each([
    [{ memory_mb: 100_000_000 }, /memory: 100000000 MiB are more than a machine can have here, \d+ MiB/],
    [{ vcpus: 100_000 }, /vcpus: 100000 CPUs are more than a machine can have here, \d+ CPUs/],
    [{ disk_mb: 1_000_000_000 }, /disk: 1000000000 MiB are more/],
  ])("has a bound: %j", async (size, message) => {
    const refused = { code: "invalid_request", status: 400, retryable: false, message: expect.stringMatching(message) };
    await expect(client.machines.create(size)).rejects.toMatchObject(refused);
    const pool = { name: "large", template_ref: "base", min_ready: 0, max_ready: 1 };
    await expect(
      client.warmPools.create({ ...pool, resources: { vcpus: 1, memory_mb: 64, ...size } }),
    ).rejects.toMatchObject(refused);
  });

  it("is not refused for more CPUs than the host has, which only makes it slower", async () => {
    const { id } = await client.machines.create({ vcpus: 64, memory_mb: 64, disk_mb: 100 });
    expect((await client.machines.exec(id, { command: "true" })).exit_code).toBe(0);
    await client.machines.delete(id);
  });
});

describe("the network of machines", () => {
  it("is made again for the next machine when somebody has removed it", async () => {
    for (const { Id } of await engine.containers.list({ all: true }))
      await engine.containers.remove(Id, { force: true });
    await engine.networks.remove("nullspace-machines");
    const { id } = await client.machines.create({ memory_mb: 64 });
    expect((await client.machines.exec(id, { command: "ls /sys/class/net", shell: true })).stdout).toContain("eth0");
    const { Options } = await engine.networks.inspect("nullspace-machines");
    expect(Options).toMatchObject({ "com.docker.network.bridge.enable_icc": "false" });
    await client.machines.delete(id);
  });
});
