import { spawn } from "node:child_process";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { RESERVE_BYTES } from "../../../service/store/disk-room.ts";
import { eventually } from "./fleet-fixture.ts";
import { BASE_IMAGE, RunningService, type Answer } from "./running-service.ts";
import { SmallDisk } from "./small-disk.ts";

const COMMAND = fileURLToPath(new URL("../../../service/bin/nullspace-local.ts", import.meta.url));
const SIZE = { vcpus: 1, memory_mb: 64 };
const DISK_MB = 40;

/** A file that the service is told of, and its bytes. */
function file(bytes: number) {
  const body = randomBytes(bytes);
  const sha256 = createHash("sha256").update(body).digest("hex");
  return { body, entry: { path: sha256, entry_type: "file", mode: "0644", sha256, size_bytes: body.length } };
}

it.each(["tmpfs", "ext4", "quota"] as const)(
  "on a full %s what is new is refused by name, and what ends, frees or claims goes on, through a restart too",
  async (kind) => {
    using disk = new SmallDisk(kind, DISK_MB);
    const dataDirectory = join(disk.path, "data");
    mkdirSync(dataDirectory, { mode: 0o700 });
    await using service = await RunningService.start({ dataDirectory });
    const call = service.call.bind(service);
    const [small, large] = [file(1_000), file(200_000)];
    const { body: preflight } = await call("POST", "/v1/templates/blobs/preflight", {
      files: [small.entry, large.entry],
    });
    await service.build({ name: "web", base_image: BASE_IMAGE });
    await service.build({ name: "old", base_image: BASE_IMAGE });
    const poolBody = (name: string) => ({ name, template_ref: "web", min_ready: 1, max_ready: 1, resources: SIZE });
    const { body: pool } = await call("POST", "/v1/template-warm-pools", poolBody("full"));
    await eventually("a member is ready", async () => {
      const { body } = await call("GET", `/v1/template-warm-pools/${pool.id}`);
      return body.rollout_status?.observed_pool_counts.ready === 1 ? body : undefined;
    });
    const command = `i=0; while [ $i -lt 600 ]; do echo line $i ${"x".repeat(60)}; i=$((i+1)); sleep 0.02; done`;
    const talk = (name: string) =>
      call("POST", "/v1/templates/builds", {
        name,
        base_image: BASE_IMAGE,
        steps: [{ action: "run", command: `: ${randomUUID()}; ${command}` }],
      });
    const { body: running } = await talk("long");
    const { body: other } = await talk("cancelled");
    await eventually("both builds say something", async () => {
      const offsets = await Promise.all(
        [running, other].map(({ build_id }) => call("GET", `/v1/templates/builds/${build_id}?offset=0`)),
      );
      return offsets.every(({ body }) => body.next_offset > 10) ? true : undefined;
    });

    disk.fill();
    const claimName = (name: string) => call("POST", "/v1/templates/claims", { template_ref: name });
    // What the log of the store has allocated already takes a few more.
    for (let i = 0; i < 2_000 && (await claimName(`n${i}`)).status < 300; i++);
    const machine = { template: "web", ...SIZE };
    const refused: Record<string, () => Promise<Answer>> = {
      "claim of a name": () => claimName("late"),
      preflight: () => call("POST", "/v1/templates/blobs/preflight", { files: [file(10).entry] }),
      "small upload": () => call("PUT", `/v1/templates/blobs/${preflight.files[0].blob_id}`, small.body),
      "large upload": () => call("PUT", `/v1/templates/blobs/${preflight.files[1].blob_id}`, large.body),
      "uploads together": () =>
        call("POST", "/v1/templates/blobs/batch", {
          blobs: [{ blob_id: preflight.files[0].blob_id, content_base64: small.body.toString("base64") }],
        }),
      build: () => call("POST", "/v1/templates/builds", { name: "late", base_image: BASE_IMAGE }),
      "build that is waited for": () => call("POST", "/v1/templates", { name: "late", base_image: BASE_IMAGE }),
      tag: () => call("POST", "/v1/templates/refs/web/tags", { tags: ["late"] }),
      rename: () => call("POST", "/v1/templates/refs/old/rename", { new_name: "older" }),
      visibility: () => call("PATCH", "/v1/templates/refs/old/visibility", { visibility: "public" }),
      pool: () => call("POST", "/v1/template-warm-pools", poolBody("late")),
      "settings of a pool": () => call("PATCH", `/v1/template-warm-pools/${pool.id}`, { labels: { a: "b" } }),
      machine: () => call("POST", "/v1/machines", machine, { "idempotency-key": "cold" }),
    };
    const ready = await call("GET", "/readyz", undefined, { authorization: "" });
    expect(ready).toMatchObject({ status: 503, body: { status: "not_ready", checks: { disk: { status: "fail" } } } });
    expect(ready.body.checks).toMatchObject({ engine: { status: "ok" }, store: { status: "ok" } });
    expect(JSON.stringify(ready.body)).not.toContain(disk.path);
    for (const [name, write] of Object.entries(refused)) {
      const { status, body } = await write();
      expect({ name, status, body }).toMatchObject({
        status: 507,
        body: {
          code: "disk_full",
          retryable: true,
          error: expect.stringContaining(dataDirectory),
          details: { folder: dataDirectory },
        },
      });
    }

    expect((await call("GET", "/v1/templates")).body).toHaveLength(3);
    expect((await call("POST", `/v1/templates/builds/${other.build_id}/cancel`, {})).body.build.status).toBe(
      "cancelled",
    );
    const claimed = await call(
      "POST",
      "/v1/machines",
      { ...machine, warm_pool: { id: pool.id, mode: "require" } },
      { "idempotency-key": "warm" },
    );
    expect(claimed).toMatchObject({ status: 201, body: { status: "running" } });
    const ended = await service.waitForEnd(running.build_id);
    expect(ended.build).toMatchObject({ status: "ready" });
    expect(ended.entries.map(({ offset }: { offset: number }) => offset)).toEqual([...ended.entries.keys()]);
    expect(ended.entries.at(-2)).toMatchObject({
      kind: "warning",
      message: expect.stringMatching(/\d+ messages .* left out/),
    });

    await service.restart(() => disk.fill());
    expect(await claimName("late")).toMatchObject({ status: 507 });
    expect(await call("GET", `/v1/machines/${claimed.body.id}`)).toMatchObject({ body: { status: "running" } });
    expect(await call("DELETE", `/v1/machines/${claimed.body.id}`)).toMatchObject({ status: 200 });
    expect(await call("DELETE", `/v1/template-warm-pools/${pool.id}`)).toMatchObject({ status: 200 });
    expect(await call("DELETE", "/v1/templates/refs/old")).toMatchObject({ status: 204 });

    disk.free();
    await eventually("the service takes what is new again", async () =>
      (await claimName("late")).status < 300 ? true : undefined,
    );
    for (const name of ["preflight", "small upload", "large upload", "tag"]) {
      expect({ name, ...(await refused[name]!()) }).toMatchObject({ status: expect.toSatisfy((s: number) => s < 300) });
    }
  },
);

it("a folder on a disk without room for a first start, or without its reserve, is refused by name", async () => {
  using disk = new SmallDisk("ext4", DISK_MB);
  const dataDirectory = join(disk.path, "data");
  mkdirSync(dataDirectory, { mode: 0o700 });
  disk.fill();
  await expect(RunningService.start({ dataDirectory })).rejects.toMatchObject({
    code: "disk_full",
    message: expect.stringContaining(`${RESERVE_BYTES / 1024 / 1024} MiB`),
  });
  disk.free();
  await using service = await RunningService.start({ dataDirectory });
  expect((await service.call("GET", "/v1/templates")).status).toBe(200);
});

it("a log of the service on a full disk loses lines, and the service goes on", async () => {
  using disk = new SmallDisk("tmpfs", DISK_MB);
  const data = join(disk.path, "data");
  const log = openSync(join(disk.path, "log"), "a");
  const key = randomBytes(24).toString("hex");
  const flags = ["--conditions=nullspace-source", "--disable-warning=ExperimentalWarning", COMMAND];
  const args = ["serve", "--port", "0", "--data", data, "--log-level", "trace"];
  const child = spawn(process.execPath, [...flags, ...args], {
    env: { ...process.env, NULLSPACE_LOCAL_API_KEY: key },
    stdio: ["ignore", "pipe", log],
  });
  try {
    const [line] = (await once(createInterface({ input: child.stdout! }), "line")) as [string];
    const url = `${line.slice(line.indexOf("=") + 1)}/v1/templates`;
    const ask = async () => (await fetch(url, { headers: { authorization: `Bearer ${key}` } })).status;
    expect(await ask()).toBe(200);
    disk.fill();
    for (let i = 0; i < 20; i++) expect(await ask()).toBe(200);
    disk.free();
    expect(await ask()).toBe(200);
    expect(child.exitCode).toBeNull();
  } finally {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, "exit");
      child.kill();
      await exited;
    }
    closeSync(log);
  }
});
