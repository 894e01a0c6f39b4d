import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { BASE_IMAGE, RunningService } from "./running-service.ts";

const config = mkdtempSync(join(tmpdir(), "nullspace-docker-config-"));
let service: RunningService;

beforeAll(async () => {
  writeFileSync(join(config, "config.json"), JSON.stringify({ proxies: { default: { httpProxy: "http://proxy:1" } } }));
  vi.stubEnv("DOCKER_CONFIG", config);
  service = await RunningService.start();
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
  rmSync(config, { recursive: true });
});

it("a build sees no proxy of the machine, which nothing in its definition would tell", async () => {
  const dockerfile = `FROM ${BASE_IMAGE}\nRUN echo "[$http_proxy]" # ${Math.random()}\n`;
  const { build, entries } = await service.build({ name: "proxies", dockerfile });
  expect(build.status).toBe("ready");
  expect(entries).toContainEqual(expect.objectContaining({ message: "[]" }));
});
