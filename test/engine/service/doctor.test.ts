import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { BASE_IMAGE, RunningService } from "./running-service.ts";
import { SmallDisk } from "./small-disk.ts";

const COMMAND = fileURLToPath(new URL("../../../service/bin/nullspace-local.ts", import.meta.url));

async function doctor(...args: string[]): Promise<{ code: number; stdout: string }> {
  const flags = ["--conditions=nullspace-source", "--disable-warning=ExperimentalWarning", COMMAND, "doctor"];
  try {
    return { code: 0, stdout: (await promisify(execFile)(process.execPath, [...flags, ...args])).stdout };
  } catch (error) {
    return error as { code: number; stdout: string };
  }
}

it("doctor tells what a service holds and what uses each image, while it runs and afterwards", async () => {
  await using service = await RunningService.start();
  const { dataDirectory } = service;
  const { build } = await service.build({ name: "web", base_image: BASE_IMAGE, tags: ["stable"] });
  await service.build({ name: "child", base_image: "local/web:stable" });
  const examine = async () => JSON.parse((await doctor("--json", "--data", dataDirectory)).stdout);
  const expected = {
    ok: true,
    folder: {
      path: dataDirectory,
      reserveBytes: 8 * 1024 * 1024,
      store: {
        templates: 3,
        builds: expect.any(Number),
        tables: expect.arrayContaining([{ name: "builds", bytes: expect.any(Number) }]),
      },
    },
    engine: {
      images: expect.arrayContaining([
        { templateId: build.template_id, imageId: expect.any(String), sizeBytes: expect.any(Number) },
      ]),
    },
  };
  const running = await examine();
  expect(running).toMatchObject(expected);
  expect(running.folder).toMatchObject({ isInUse: true });
  const web = running.folder.store.artifacts.find((one: { template: string }) => one.template === "local/web");
  expect(web).toMatchObject({ tags: ["stable"], children: 1, machines: 0, pools: [] });
  await service.restart(async () => {
    const stopped = await examine();
    expect(stopped).toMatchObject(expected);
    expect(stopped.folder).toMatchObject({ isInUse: false });
    expect((await doctor("--data", dataDirectory)).stdout).toMatch(/local\/web: tags stable; 1 templates built on it/);
  });
});

it("doctor ends with 1 on a full disk and without an engine, and says what to do", async () => {
  using disk = new SmallDisk("ext4", 24);
  const dataDirectory = join(disk.path, "data");
  mkdirSync(dataDirectory, { mode: 0o700 });
  await (await RunningService.start({ dataDirectory }))[Symbol.asyncDispose]();
  mkdirSync(dataDirectory, { mode: 0o700 });
  disk.fill();
  const { code, stdout } = await doctor("--data", dataDirectory, "--docker-host", `unix://${disk.path}/no.sock`);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^fail disk +full: .*\n +Make room on the disk of /m);
  expect(stdout).toMatch(/^fail engine +unix:.* does not answer: .*\n +Start Docker Engine/m);
});
