import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BuildKit, BuildKitUnreachableError } from "../../../sdk/docker/index.ts";
import { type BuildKitDaemonProcess, startBuildKitDaemon } from "./buildkit-daemon.ts";
import { BASE_IMAGE, openEngine } from "./engine-fixture.ts";

const engine = openEngine();
let daemon: BuildKitDaemonProcess;
let buildkit: BuildKit;

beforeAll(async () => {
  daemon = await startBuildKitDaemon();
  buildkit = new BuildKit({ address: daemon.address });
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
});

async function build(command: string): Promise<void> {
  const fileobj = `FROM ${BASE_IMAGE}\nRUN ${command}\n`;
  await engine.build({ fileobj, builder: { address: daemon.address }, outputs: [{ type: "cacheonly" }] }).done;
}

async function history(): Promise<(string | undefined)[]> {
  const ends: (string | undefined)[] = [];
  for await (const { type, error } of buildkit.history()) if (type === "complete") ends.push(error ?? "built");
  return ends;
}

it("a daemon says what it is", async () => {
  const { version, workers } = await buildkit.info();
  const { stdout } = await promisify(execFile)(process.env.NULLSPACE_BUILDKITD!, ["--version"]);
  expect(version).not.toBe("");
  expect(stdout.split(/\s+/)).toContain(version);
  expect(workers).toHaveLength(1);
  await expect(new BuildKit({ address: "unix:///no/such/socket" }).info()).rejects.toThrow(BuildKitUnreachableError);
});

it("its cache is listed and pruned, by filters and whole", async () => {
  await build("head -c 1000000 /dev/zero > /zeros");
  await build("--mount=type=cache,target=/cache echo x > /cache/x");
  const records = await buildkit.diskUsage();
  const made = records.find(({ description }) => description.includes("/zeros"));
  expect(made).toMatchObject({ type: "regular", isInUse: false, usageCount: 1, createdAt: expect.any(Date) as Date });
  expect(made!.sizeBytes).toBeGreaterThanOrEqual(1_000_000);
  expect(Math.abs(made!.createdAt!.getTime() - Date.now())).toBeLessThan(60_000);
  const mounts = ["type==exec.cachemount"];
  const [mount, ...others] = await buildkit.diskUsage({ filters: mounts });
  expect([mount?.type, others]).toEqual(["exec.cachemount", []]);
  expect(await buildkit.prune({ filters: mounts, keepDurationMs: 3_600_000 })).toEqual([]);
  expect((await buildkit.prune({ filters: mounts })).map(({ id }) => id)).toEqual([mount?.id]);
  expect((await buildkit.prune({ all: true })).map(({ id }) => id)).toContain(made!.id);
  expect(await buildkit.diskUsage()).toEqual([]);
});

it("its builds are remembered, with why they failed, followed, and forgotten", async () => {
  const before = await history();
  await build("true");
  await expect(build("exit 7")).rejects.toThrow();
  expect((await history()).length).toBe(before.length + 2);
  expect(await history()).toContainEqual(expect.stringContaining("exit code: 7"));
  const end = new AbortController();
  const followed: string[] = [];
  const following = (async () => {
    for await (const { type } of buildkit.history({ follow: true, signal: end.signal })) {
      followed.push(type);
      if (followed.filter((one) => one === "complete").length > before.length + 2) end.abort(new Error("seen"));
    }
  })().catch((error: unknown) => error);
  await expect.poll(() => followed.length).toBe(before.length + 2);
  await build("echo another");
  expect(await following).toEqual(new Error("seen"));
  expect(followed).toContain("started");
  for await (const { ref } of buildkit.history()) await buildkit.deleteHistory(ref);
  expect(await history()).toEqual([]);
});
