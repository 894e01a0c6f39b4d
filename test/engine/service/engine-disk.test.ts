import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { OwnEngine } from "../docker/own-engine.ts";
import { BASE_IMAGE, RunningService } from "./running-service.ts";
import { SmallDisk } from "./small-disk.ts";

it("a build for which the engine's disk has no room says so, and that another try may have it", async () => {
  using disk = new SmallDisk("tmpfs", 256);
  const folder = join(disk.path, "engine");
  mkdirSync(folder);
  vi.stubEnv("TMPDIR", folder);
  await using own = await OwnEngine.start();
  vi.unstubAllEnvs();
  await copyImage(BASE_IMAGE, own.host);
  await using service = await RunningService.start({ dockerHost: own.host });
  const build = (command: string) =>
    service.build({
      name: "large",
      base_image: BASE_IMAGE,
      build_config: { internet_access: false },
      steps: [{ action: "run", command: `: ${randomUUID()}; ${command}` }],
    });
  // First, as nothing is there yet that the engine would take away: what a build that failed wrote goes after its end was told.
  disk.fill();
  const { build: small } = await build("true");
  expect(small).toMatchObject({ status: "error", error_detail: ENGINE_FULL });
  disk.free();
  expect((await build("true")).build).toMatchObject({ status: "ready" });
  const { build: large } = await build("dd if=/dev/zero of=/large bs=1M count=400");
  expect(large).toMatchObject({ status: "error", error_detail: ENGINE_FULL, failure_phase: "build_step" });
  await expect.poll(() => disk.freeBytes, { timeout: 20_000 }).toBeGreaterThan(200 * 1024 * 1024);
  expect((await build("true")).build).toMatchObject({ status: "ready" });
});

const ENGINE_FULL = {
  code: "build_error",
  retryable: true,
  message: expect.stringContaining("no room left on its disk"),
  details: expect.objectContaining({ reason: "engine_disk_full" }),
};

async function copyImage(name: string, host: string): Promise<void> {
  const docker = process.env.NULLSPACE_DOCKER_BUILDKIT_CLI ?? "docker";
  execFileSync("sh", ["-c", '"$0" save "$1" | "$0" --host "$2" load', docker, name, host]);
  const engine = new DockerEngine({ host });
  await engine.images.inspect(name);
  await engine.close();
}
