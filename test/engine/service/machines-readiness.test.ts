import { randomBytes } from "node:crypto";
import net from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import type { Readiness } from "../../../sdk/wire/index.ts";
import { startMachineContainer } from "../../../service/drivers/docker/container.ts";
import { MachineNetwork } from "../../../service/drivers/docker/network.ts";
import { containerName, DockerMachineDriver } from "../../../service/drivers/docker/docker-driver.ts";
import { type ReadinessAttempt, waitUntilReady } from "../../../service/fleet/guests/readiness.ts";
import { INSTANCE_LABEL } from "../../../service/labels.ts";
import { connectToEngine, listenOnLoopback, type LoopbackRelay } from "../docker/loopback-relay.ts";
import { BASE_IMAGE } from "./fleet-fixture.ts";

const engine = new DockerEngine();
const serviceId = `test-${randomBytes(6).toString("hex")}`;
const driver = new DockerMachineDriver(engine, serviceId);
let imageId = "";
/** The same engine as if it were on another host, whose processes cannot be seen from here. */
let relay: LoopbackRelay;
let farEngine: DockerEngine;
let farDriver: DockerMachineDriver;

beforeAll(async () => {
  imageId = (await engine.images.inspect(BASE_IMAGE)).Id;
  const open = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connectToEngine();
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => void [client.destroy(), upstream.destroy()]);
    }
    client.pipe(upstream).pipe(client);
  });
  relay = await listenOnLoopback(server, open);
  farEngine = new DockerEngine({ host: `tcp://127.0.0.1:${relay.port}` });
  farDriver = new DockerMachineDriver(farEngine, serviceId);
});
afterAll(async () => {
  await farEngine.close();
  await relay[Symbol.asyncDispose]();
  const filters = { label: [`${INSTANCE_LABEL}=${serviceId}`] };
  for (const { Id } of await engine.containers.list({ all: true, filters })) {
    await engine.containers.remove(Id, { force: true });
  }
  await engine.close();
});

const name = () => `test-${randomBytes(6).toString("hex")}`;

/** @returns the guest's id */
async function start(startCmd: string | undefined, internetAccess = true, guestId = name()): Promise<string> {
  await startContainer(startCmd, internetAccess, containerName(guestId));
  return guestId;
}

/** @returns the container's id */
function startContainer(startCmd: string | undefined, internetAccess: boolean, container: string): Promise<string> {
  const artifact = { templateId: "tmpl_test", imageId, env: {}, ...(startCmd !== undefined && { startCmd }) };
  return startMachineContainer(engine, artifact, {
    serviceId,
    name: container,
    vcpus: 1,
    memoryMb: 64,
    ...(internetAccess && { network: new MachineNetwork(engine) }),
  });
}

const QUICK = { timeout_secs: 1, interval_ms: 50, startup_grace_secs: 0 };

describe.each([
  ["with a network", true, () => driver],
  ["without a network", false, () => driver],
  ["with a network on another host", true, () => farDriver],
  ["without a network on another host", false, () => farDriver],
])("a machine %s is ready", (_how, internetAccess, driverOf) => {
  test.each<[string, string, Readiness]>([
    [
      "when its port listens on its loopback",
      "sleep 0.3; exec httpd -f -p 127.0.0.1:7001",
      { kind: "tcp", port: 7001 },
    ],
    ["when its port listens on all addresses", "exec nc -ll -p 7002 -e cat", { kind: "tcp", port: 7002 }],
    [
      "when its URL answers",
      "sleep 0.2; echo up >/tmp/index.html; exec httpd -f -h /tmp -p 127.0.0.1:7003",
      { kind: "http", port: 7003, path: "/" },
    ],
    [
      "when its command succeeds",
      "sleep 0.2; touch /tmp/up; sleep 100",
      { kind: "command", command: "test -e /tmp/up" },
    ],
    ["when its time has passed", "sleep 100", { kind: "timeout", timeout_ms: 50 }],
  ])("%s", async (_when, startCmd, readiness) => {
    const attempts: ReadinessAttempt[] = [];
    const id = await start(startCmd, internetAccess);
    await waitUntilReady(driverOf(), id, readiness, { onAttempt: (attempt) => attempts.push(attempt) });
    expect(attempts.filter(({ ok }) => ok)).toHaveLength(readiness.kind === "timeout" ? 0 : 1);
  });
});

test("a machine without a start command idles, and one without a check is ready when it runs", async () => {
  const id = await start(undefined);
  await waitUntilReady(driver, id, undefined);
  const { stdout } = await engine.containers.exec(containerName(id), { cmd: ["ps", "-o", "args"] });
  expect(stdout).toMatch(/sleep 3600/);
  const stopped = engine.containers.wait(containerName(id));
  await engine.containers.stop(containerName(id), { timeoutSeconds: 30 });
  expect((await stopped).exitCode).toBe(0);
});

test("starting a container twice under one name gives the same one", async () => {
  const container = containerName(name());
  expect(await startContainer(undefined, true, container)).toBe(await startContainer(undefined, true, container));
});

test("a container that ran and ended is not started a second time", async () => {
  const container = name();
  const id = await start("echo once; exit 5", true, container);
  await engine.containers.wait(containerName(id));
  await expect(start("echo once; exit 5", true, container)).rejects.toMatchObject({
    code: "machine_exited",
    exitCode: 5,
    logTail: ["once"],
  });
});

test("a container of that name that is not ours is left alone", async () => {
  const guestId = name();
  const { id } = await engine.containers.create({ Image: BASE_IMAGE, Cmd: ["true"] }, { name: containerName(guestId) });
  await expect(start(undefined, true, guestId)).rejects.toMatchObject({
    code: "machine_refused",
    message: expect.stringContaining("this service did not make"),
  });
  await engine.containers.remove(id);
});

test("an image that is gone is named", async () => {
  const artifact = { templateId: "tmpl_gone", imageId: `sha256:${"0".repeat(64)}`, env: {} };
  const options = { serviceId, name: name(), vcpus: 1, memoryMb: 64, network: new MachineNetwork(engine) };
  await expect(startMachineContainer(engine, artifact, options)).rejects.toMatchObject({
    code: "machine_image_missing",
    message: expect.stringContaining("tmpl_gone"),
  });
});

describe("waiting fails", () => {
  test("at once when the main process ends, with exit code and last lines", async () => {
    const id = await start("echo first; echo last >&2; exit 9");
    await expect(waitUntilReady(driver, id, { kind: "tcp", port: 1, timeout_secs: 600 })).rejects.toMatchObject({
      code: "machine_exited",
      exitCode: 9,
      logTail: expect.arrayContaining(["first", "last"]),
    });
  });

  test("at once when it has ended already and there is no check", async () => {
    const id = await start("exit 0");
    await engine.containers.wait(containerName(id));
    await expect(waitUntilReady(driver, id, undefined)).rejects.toMatchObject({ code: "machine_exited", exitCode: 0 });
  });

  test.each<[Readiness, RegExp]>([
    [{ kind: "tcp", port: 7009, ...QUICK }, /a listener on port 7009.*nothing listens on port 7009/],
    [{ kind: "http", port: 7009, path: "/up", ...QUICK }, /an answer from http:\/\/localhost:7009\/up/],
    [{ kind: "command", command: "echo not yet >&2; false", ...QUICK }, /exit code 1, "not yet"/],
  ])("when %j does not pass in its time", async (readiness, message) => {
    const attempts: ReadinessAttempt[] = [];
    const id = await start("echo still here; sleep 100");
    const failure = waitUntilReady(driver, id, readiness, { onAttempt: (attempt) => attempts.push(attempt) });
    await expect(failure).rejects.toMatchObject({
      code: "readiness_timeout",
      message: expect.stringMatching(message),
      logTail: ["still here"],
    });
    expect(attempts.every(({ ok, reason }) => !ok && reason !== undefined)).toBe(true);
    expect(attempts.length).toBeGreaterThan(1);
  });

  test("with the reason of the signal when it is aborted", async () => {
    const id = await start("sleep 100");
    const abort = new AbortController();
    const waiting = waitUntilReady(driver, id, { kind: "tcp", port: 1 }, { signal: abort.signal });
    abort.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
  });
});
