import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RegistryClient } from "../../../service/artifacts/registry/registry-client.ts";
import { RegistryCredentials } from "../../../sdk/docker/index.ts";
import { LOGIN, startPrivateRegistry } from "../docker/private-registry.ts";
import { startBuildSite, type BuildSite } from "./registry-world.ts";
import { RunningService } from "./running-service.ts";

const COMMAND = fileURLToPath(new URL("../../../service/bin/nullspace-local.ts", import.meta.url));
const FLAGS = ["--conditions=nullspace-source", "--disable-warning=ExperimentalWarning"];

const folder = mkdtempSync(join(tmpdir(), "nullspace-reset-"));
let site: BuildSite;
beforeAll(async () => {
  site = await startBuildSite();
});
afterAll(async () => {
  await site?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** A service that has built something into a repository, and does not run any more. */
async function leave(data: string, repository: string, more: { takeOver?: boolean } = {}): Promise<void> {
  const addresses = site.builders.map(({ address }) => address);
  const buildkit = { addresses, registry: { repository, auth: LOGIN, ...more } };
  const service = await RunningService.start({ dataDirectory: data, baseImage: site.baseImage, buildkit });
  try {
    const dockerfile = `FROM ${site.baseImage}\nRUN echo ${Math.random()} > /made\n`;
    const registry_auth = [{ registry: site.registry.host, auth: { kind: "basic", ...LOGIN } }];
    const { build } = await service.build({ name: "web", dockerfile, registry_auth });
    expect({ status: build.status, error: build.error }).toEqual({ status: "ready" });
  } finally {
    await service.close();
  }
}

async function reset(data: string, repository: string): Promise<string> {
  const [builder] = site.builders;
  const parts = ["--builder=buildkit", `--builder-address=${builder!.address}`, `--registry=${repository}`];
  const args = [...FLAGS, COMMAND, "reset", "--yes", `--data=${data}`, ...parts, `--registry-user=${LOGIN.username}`];
  const env = { ...process.env, NULLSPACE_REGISTRY_PASSWORD: LOGIN.password };
  return (await promisify(execFile)(process.execPath, args, { env })).stdout;
}

/** Tags of a repository, but for the mark of its owner. */
async function tagsOf(host: string, path: string): Promise<string[]> {
  const credentials = async () => new RegistryCredentials(LOGIN);
  const client = new RegistryClient({ host, isPlain: true, credentials });
  const tags = await client.tags(path);
  const there = await Promise.all(
    tags.map(async (tag) => ((await client.digest(path, tag)) === undefined ? [] : [tag])),
  );
  return there.flat();
}

describe("a reset of a service with a registry", () => {
  it("takes its images, its caches and its mark away, and nothing of its neighbour in the registry", async () => {
    const { host } = site.registry;
    const [data, neighbour] = [join(folder, "one"), join(folder, "neighbour")];
    await leave(data, `${host}/reset/one`);
    await leave(neighbour, `${host}/reset/neighbour`);
    const before = await tagsOf(host, "reset/neighbour");
    expect(await tagsOf(host, "reset/one")).toHaveLength(3);
    expect(await reset(data, `${host}/reset/one`)).toMatch(/^All of it is removed\.$/m);
    expect(await tagsOf(host, "reset/one")).toEqual([]);
    expect(await tagsOf(host, "reset/neighbour")).toEqual(before);
    expect(existsSync(data)).toBe(false);
  });

  it("says what stays in one that deletes nothing", async () => {
    await using keeper = await startPrivateRegistry({ tls: false, deletes: false });
    const data = join(folder, "kept");
    await leave(data, `${keeper.host}/reset/kept`);
    const said = await reset(data, `${keeper.host}/reset/kept`);
    expect(said).toContain(
      `but for what is in the repository ${keeper.host}/reset/kept, as the registry deletes nothing`,
    );
    expect(existsSync(data)).toBe(false);
  });

  it("leaves alone what has become another service's", async () => {
    const { host } = site.registry;
    const [data, heir] = [join(folder, "former"), join(folder, "heir")];
    await leave(data, `${host}/reset/taken`);
    await leave(heir, `${host}/reset/taken`, { takeOver: true });
    const before = await tagsOf(host, "reset/taken");
    expect(await reset(data, `${host}/reset/taken`)).toContain("which belongs to another service");
    expect(await tagsOf(host, "reset/taken")).toEqual(before);
  });
});
