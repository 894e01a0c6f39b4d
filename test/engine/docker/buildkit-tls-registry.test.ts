import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BuildOptions, DockerEngine } from "../../../sdk/docker/index.ts";
import { startBuildKitDaemon } from "./buildkit-daemon.ts";
import { BASE_IMAGE, openEngine } from "./engine-fixture.ts";
import { OwnEngine } from "./own-engine.ts";
import { LOGIN, type PrivateRegistry, REGISTRY_NAME, startPrivateRegistry } from "./private-registry.ts";

// A private registry with TLS: credentials come from the client, trust in the certificate is the builder's own affair
// (certs.d of an engine, buildkitd.toml of a daemon).
const shared = openEngine();
let registry: PrivateRegistry;
let image: string;
let dir: string;

beforeAll(async () => {
  registry = await startPrivateRegistry({ tls: true });
  dir = await mkdtemp(join(tmpdir(), "nullspace-tls-registry-"));
  image = `${registry.host}/team/base:1`;
  await shared.images.tag(BASE_IMAGE, image);
  await shared.images.push(image, { auth: LOGIN });
  await shared.images.remove(image);
});
afterAll(async () => {
  await rm(dir, { recursive: true });
  await registry[Symbol.asyncDispose]();
  await shared[Symbol.asyncDispose]();
});

async function logsOf(engine: DockerEngine, options: BuildOptions, from = image): Promise<string[]> {
  const lines: string[] = [];
  const build = engine.build({
    fileobj: `FROM ${from}\nRUN echo inside\n`,
    noCache: true,
    pull: true,
    networkMode: "none",
    ...options,
  });
  for await (const one of build) if (one.kind === "log") lines.push(one.text);
  await build.done;
  return lines;
}

const auth = () => ({ [registry.host]: LOGIN });

describe("a base image from a private registry with TLS", () => {
  it("is built on by both builders of an engine that trusts it, with the credentials given, and not without", async () => {
    const host = registry.host.replace(/^[^:]+/, REGISTRY_NAME);
    await using daemon = await OwnEngine.start({}, { [host]: registry.certificate });
    const engine = new DockerEngine({ host: daemon.host, env: {}, configDir: dir });
    const from = `${host}/team/base:1`;
    for (const builder of ["buildkit", "classic"] as const) {
      expect(await logsOf(engine, { builder, auth: { [host]: LOGIN } }, from), builder).toEqual(["inside"]);
      await expect(logsOf(engine, { builder }, from), builder).rejects.toMatchObject({ code: "image_build_failed" });
    }
    await engine.close();
  });

  it("is built on by a BuildKit daemon that trusts it, with the credentials given, and not without", async () => {
    const config = join(dir, "buildkitd.toml");
    await writeFile(config, `[registry."${registry.host}"]\n  http = false\n  ca = ["${registry.certificate}"]\n`);
    await using daemon = await startBuildKitDaemon(["--config", config]);
    const options: BuildOptions = { builder: { address: daemon.address }, outputs: [{ type: "cacheonly" }] };
    expect(await logsOf(shared, { ...options, auth: auth() })).toEqual(["inside"]);
    await expect(logsOf(shared, options)).rejects.toMatchObject({ code: "image_build_failed" });
    const { username } = LOGIN;
    const wrong = { [registry.host]: { username, password: "wrong-password" } };
    const error = await logsOf(shared, { ...options, auth: wrong }).catch((cause: unknown) => cause);
    expect(String((error as Error).stack)).toMatch(/unauthorized|401/i);
    expect(String((error as Error).stack)).not.toContain("wrong-password");
  });

  it("is refused by a BuildKit daemon that does not trust it", async () => {
    const config = join(dir, "strict.toml");
    await writeFile(config, `[registry."${registry.host}"]\n  http = false\n  insecure = false\n`);
    await using daemon = await startBuildKitDaemon(["--config", config]);
    const options: BuildOptions = { builder: { address: daemon.address }, outputs: [{ type: "cacheonly" }] };
    await expect(logsOf(shared, { ...options, auth: auth() })).rejects.toThrow(/x509|certificate/);
  });
});
