import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { INSTANCE_LABEL } from "../../../service/labels.ts";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { instanceIdOf, RunningService } from "./running-service.ts";
import { BASE_IMAGE } from "./fleet-fixture.ts";

const COMMAND = fileURLToPath(new URL("../../../service/bin/nullspace-local.ts", import.meta.url));
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

async function pool(service: RunningService): Promise<string[]> {
  const { body } = await service.call("POST", "/v1/template-warm-pools", {
    name: "web",
    template_ref: "local/web:stable",
    min_ready: 2,
    max_ready: 2,
    resources: { vcpus: 1, memory_mb: 64 },
  });
  for (;;) {
    const { body: now } = await service.call("GET", `/v1/template-warm-pools/${body.id}`);
    if (now.status.ready === 2) return containersOf(service.dataDirectory);
  }
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
  const members = await pool(first);
  expect(members).toHaveLength(2);

  const copied = await command("backup", join(folder, "copy"), "--data", dataDirectory);
  expect(copied).toMatchObject({ code: 0, stdout: expect.stringContaining(join(folder, "copy")) });
  await using copy = await RunningService.start({ dataDirectory: join(folder, "copy") });
  const wanted = { template: "local/web:stable", vcpus: 1, memory_mb: 64 };
  const machine = await copy.call("POST", "/v1/machines", wanted, { "idempotency-key": "one" });
  expect(machine.status).toBe(201);
  expect(await containersOf(dataDirectory)).toEqual(members);

  const whileItRuns = await command("reset", "--yes", "--data", dataDirectory);
  expect(whileItRuns).toMatchObject({ code: 1, stderr: expect.stringContaining("data_directory_in_use") });
  await first.close();
  const asked = await command("reset", "--data", dataDirectory);
  expect(asked.code).toBe(2);
  expect(asked.stdout).toMatch(/^2 containers of machines and pools$/m);
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
  expect(left).toEqual(["gone", "gone"]);
  expect((await copy.call("GET", `/v1/machines/${machine.body.id}`)).body.status).toBe("running");
  expect(await command("reset", "--yes", "--data", dataDirectory)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("nothing_to_reset"),
  });
});
