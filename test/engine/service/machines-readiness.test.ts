import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import type { Readiness } from "../../../sdk/wire/index.ts";
import { startMachineContainer } from "../../../service/drivers/docker/container.ts";
import { waitUntilReady } from "../../../service/drivers/docker/readiness.ts";
import type { ReadinessAttempt } from "../../../service/fleet/guests/machine-driver.ts";
import { INSTANCE_LABEL } from "../../../service/labels.ts";
import { BASE_IMAGE } from "./fleet-fixture.ts";

const engine = new DockerEngine();
const serviceId = `test-${randomBytes(6).toString("hex")}`;
let imageId = "";

beforeAll(async () => {
  imageId = (await engine.images.inspect(BASE_IMAGE)).Id;
});
afterAll(async () => {
  const filters = { label: [`${INSTANCE_LABEL}=${serviceId}`] };
  for (const { Id } of await engine.containers.list({ all: true, filters })) {
    await engine.containers.remove(Id, { force: true });
  }
  await engine.close();
});

const name = () => `nullspace-test-${randomBytes(6).toString("hex")}`;

function start(startCmd: string | undefined, internetAccess = true, containerName = name()): Promise<string> {
  const artifact = { templateId: "tmpl_test", imageId, env: {}, ...(startCmd !== undefined && { startCmd }) };
  return startMachineContainer(engine, artifact, {
    serviceId,
    name: containerName,
    vcpus: 1,
    memoryMb: 64,
    internetAccess,
  });
}

const QUICK = { timeout_secs: 1, interval_ms: 50, startup_grace_secs: 0 };

describe.each([
  ["with a network", true],
  ["without a network", false],
])("a machine %s is ready", (_how, internetAccess) => {
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
    await waitUntilReady(engine, id, readiness, { onAttempt: (attempt) => attempts.push(attempt) });
    expect(attempts.filter(({ ok }) => ok)).toHaveLength(readiness.kind === "timeout" ? 0 : 1);
  });
});

test("a machine without a start command idles, and one without a check is ready when it runs", async () => {
  const id = await start(undefined);
  await waitUntilReady(engine, id, undefined);
  const { stdout } = await engine.containers.exec(id, { cmd: ["ps", "-o", "args"] });
  expect(stdout).toMatch(/sleep 3600/);
  const stopped = engine.containers.wait(id);
  await engine.containers.stop(id, { timeoutSeconds: 30 });
  expect((await stopped).exitCode).toBe(0);
});

test("starting a container twice under one name gives the same one", async () => {
  const container = name();
  expect(await start(undefined, true, container)).toBe(await start(undefined, true, container));
});

test("a container that ran and ended is not started a second time", async () => {
  const container = name();
  const id = await start("echo once; exit 5", true, container);
  await engine.containers.wait(id);
  await expect(start("echo once; exit 5", true, container)).rejects.toMatchObject({
    code: "machine_exited",
    exitCode: 5,
    logTail: ["once"],
  });
});

test("a container of that name that is not ours is left alone", async () => {
  const container = name();
  const { id } = await engine.containers.create({ Image: BASE_IMAGE, Cmd: ["true"] }, { name: container });
  await expect(start(undefined, true, container)).rejects.toMatchObject({
    code: "machine_refused",
    message: expect.stringContaining("this service did not make"),
  });
  await engine.containers.remove(id);
});

test("an image that is gone is named", async () => {
  const artifact = { templateId: "tmpl_gone", imageId: `sha256:${"0".repeat(64)}`, env: {} };
  const options = { serviceId, name: name(), vcpus: 1, memoryMb: 64, internetAccess: true };
  await expect(startMachineContainer(engine, artifact, options)).rejects.toMatchObject({
    code: "machine_image_missing",
    message: expect.stringContaining("tmpl_gone"),
  });
});

describe("waiting fails", () => {
  test("at once when the main process ends, with exit code and last lines", async () => {
    const id = await start("echo first; echo last >&2; exit 9");
    await expect(waitUntilReady(engine, id, { kind: "tcp", port: 1, timeout_secs: 600 })).rejects.toMatchObject({
      code: "machine_exited",
      exitCode: 9,
      logTail: expect.arrayContaining(["first", "last"]),
    });
  });

  test("at once when it has ended already and there is no check", async () => {
    const id = await start("exit 0");
    await engine.containers.wait(id);
    await expect(waitUntilReady(engine, id, undefined)).rejects.toMatchObject({ code: "machine_exited", exitCode: 0 });
  });

  test.each<[Readiness, RegExp]>([
    [{ kind: "tcp", port: 7009, ...QUICK }, /a listener on port 7009.*nothing listens on port 7009/],
    [{ kind: "http", port: 7009, path: "/up", ...QUICK }, /an answer from http:\/\/localhost:7009\/up/],
    [{ kind: "command", command: "echo not yet >&2; false", ...QUICK }, /exit code 1, "not yet"/],
  ])("when %j does not pass in its time", async (readiness, message) => {
    const attempts: ReadinessAttempt[] = [];
    const id = await start("echo still here; sleep 100");
    const failure = waitUntilReady(engine, id, readiness, { onAttempt: (attempt) => attempts.push(attempt) });
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
    const waiting = waitUntilReady(engine, id, { kind: "tcp", port: 1 }, { signal: abort.signal });
    abort.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
  });
});
