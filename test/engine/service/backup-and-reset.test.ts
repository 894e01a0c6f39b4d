import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { pause } from "../../../sdk/concurrency/index.ts";
import { INSTANCE_LABEL } from "../../../service/labels.ts";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { instanceIdOf, RunningService } from "./running-service.ts";
import { BASE_IMAGE } from "./fleet-fixture.ts";

const COMMAND = fileURLToPath(new URL("../../../service/bin/nullspace-local.ts", import.meta.url));
const SECRET = "of-a-machine-that-lives";
const wanted = { template: "local/web:stable", vcpus: 1, memory_mb: 64 };
const folder = mkdtempSync(join(tmpdir(), "nullspace-backup-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function command(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const flags = ["--conditions=nullspace-source", "--disable-warning=ExperimentalWarning", COMMAND];
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [...flags, ...args])) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

/** Makes a pool, and waits until it is full. @returns its id */
async function pool(service: RunningService): Promise<string> {
  const { body } = await service.call("POST", "/v1/template-warm-pools", {
    name: "web",
    template_ref: "local/web:stable",
    min_ready: 2,
    max_ready: 2,
    resources: { vcpus: 1, memory_mb: 64 },
  });
  await untilFull(service, body.id);
  return body.id;
}

async function untilFull(service: RunningService, poolId: string): Promise<void> {
  for (;;) {
    const { body } = await service.call("GET", `/v1/template-warm-pools/${poolId}`);
    if (body.status.ready === 2) return;
    await pause(50);
  }
}

/** Whether a text stands anywhere in a store. */
async function holds(dataDirectory: string, text: string): Promise<boolean> {
  const names = (await readdir(dataDirectory)).filter((name) => name.startsWith("store.db"));
  const files = await Promise.all(names.map((name) => readFile(join(dataDirectory, name))));
  return files.some((file) => file.includes(text));
}

async function containersOf(dataDirectory: string): Promise<string[]> {
  const engine = new DockerEngine();
  const filters = { label: [`${INSTANCE_LABEL}=${instanceIdOf(dataDirectory)}`] };
  const found = await engine.containers.list({ all: true, filters });
  await engine.close();
  return found.map(({ Id }) => Id).sort();
}

it("a backup is served beside the first service, whose machines it leaves alone; a reset takes away the first's alone", async () => {
  const dataDirectory = join(folder, "first");
  const first = await RunningService.start({ dataDirectory });
  await first.build({ name: "web", base_image: BASE_IMAGE, tags: ["stable"] });
  const alive = await first.call(
    "POST",
    "/v1/machines",
    { ...wanted, envs: { TOKEN: SECRET } },
    { "idempotency-key": "a" },
  );
  expect(alive.status).toBe(201);
  const poolId = await pool(first);
  const members = await containersOf(dataDirectory);
  expect(members).toHaveLength(3);

  const copied = await command("backup", join(folder, "copy"), "--data", dataDirectory);
  expect(copied).toMatchObject({ code: 0, stdout: expect.stringContaining(join(folder, "copy")) });
  await using copy = await RunningService.start({ dataDirectory: join(folder, "copy") });
  expect(await holds(copy.dataDirectory, SECRET)).toBe(false);
  expect((await copy.call("GET", `/v1/machines/${alive.body.id}`)).body.status).toBe("error");
  await untilFull(copy, poolId);
  const machine = await copy.call("POST", "/v1/machines", wanted, { "idempotency-key": "one" });
  expect(machine.status).toBe(201);
  expect(await containersOf(dataDirectory)).toEqual(members);

  const whileItRuns = await command("reset", "--yes", "--data", dataDirectory);
  expect(whileItRuns).toMatchObject({ code: 1, stderr: expect.stringContaining("data_directory_in_use") });
  await first.close();
  const asked = await command("reset", "--data", dataDirectory);
  expect(asked.code).toBe(2);
  expect(asked.stdout).toMatch(/^3 containers of machines and pools$/m);
  expect(asked.stderr).toContain("Nothing was removed. Add --yes");
  expect(await containersOf(dataDirectory)).toEqual(members);

  const away = await command("reset", "--yes", "--data", dataDirectory, "--docker-host", `unix://${folder}/none.sock`);
  expect(away).toMatchObject({ code: 1, stderr: expect.stringContaining("engine_unavailable") });
  writeFileSync(join(dataDirectory, "mine"), "");
  expect(await command("reset", "--yes", "--data", dataDirectory)).toMatchObject({ code: 0 });
  expect(existsSync(join(dataDirectory, "mine"))).toBe(true);
  expect(existsSync(join(dataDirectory, "store.db"))).toBe(false);

  const engine = new DockerEngine();
  const left = await Promise.all(members.map((id) => engine.containers.inspect(id).catch(() => "gone")));
  await engine.close();
  expect(left).toEqual(["gone", "gone", "gone"]);
  expect((await copy.call("GET", `/v1/machines/${machine.body.id}`)).body.status).toBe("running");
  expect(await command("reset", "--yes", "--data", dataDirectory)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("nothing_to_reset"),
  });
});
