import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { BASE_IMAGE, openEngine } from "./engine-fixture.ts";
import { LOGIN, type PrivateRegistry, startPrivateRegistry } from "./private-registry.ts";

const engine = openEngine();
const basicAuth = Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString("base64");

// BuildKit speaks plain HTTP to every registry on loopback unless /etc/docker/certs.d says otherwise (containerd,
// docker.MatchLocalhost), and tests do not write there.
describe.each([
  ["plain", false, ["buildkit", "classic"] as const],
  ["TLS", true, ["classic"] as const],
])("a private registry (%s)", (_kind, tls, builders) => {
  let registry: PrivateRegistry;
  let image: string;
  let configDir: string;

  beforeAll(async () => {
    registry = await startPrivateRegistry({ tls });
    configDir = await mkdtemp(join(tmpdir(), "nullspace-docker-config-"));
    image = `${registry.host}/team/base:1`;
    await engine.images.tag(BASE_IMAGE, image);
    await engine.images.push(image, { auth: LOGIN });
    await engine.images.remove(image);
  });
  afterAll(async () => {
    await rm(configDir, { recursive: true });
    await registry[Symbol.asyncDispose]();
  });

  /** An engine whose Docker configuration is `config`. */
  async function withConfig<T>(config: object, use: (engine: DockerEngine) => Promise<T>, env = {}): Promise<T> {
    await writeFile(join(configDir, "config.json"), JSON.stringify(config));
    const own = new DockerEngine({ configDir, env: { ...process.env, ...env } });
    try {
      return await use(own);
    } finally {
      await own.close();
    }
  }

  /** Builds from the private image, and leaves the engine without it. */
  async function build(own: DockerEngine, builder: "buildkit" | "classic", auth = {}): Promise<void> {
    const tag = engine.imageName();
    try {
      await own.build({ fileobj: `FROM ${image}\nLABEL x=${tag}\n`, tags: tag, builder, pull: true, auth }).done;
    } finally {
      const present = await engine.images.list({ filters: { reference: [image] } });
      if (present.length > 0) await engine.images.remove(image);
    }
  }

  describe.each(builders)("with the %s builder", (builder) => {
    it("gives a base image to who has explicit credentials", async () => {
      await withConfig({}, (own) => build(own, builder, { [registry.host]: LOGIN }));
    });

    it("gives it to who has them in Docker's configuration", async () => {
      await withConfig({ auths: { [registry.host]: { auth: basicAuth } } }, (own) => build(own, builder));
      await withConfig({ auths: { [`https://${registry.host}/v1/`]: { auth: basicAuth } } }, (own) =>
        build(own, builder),
      );
    });

    it("gives it to who has logged in with the docker command, and no more after a logout", async () => {
      const own = join(configDir, "login");
      const docker = (...args: string[]) =>
        promisify(execFile)(process.env.NULLSPACE_DOCKER_CLI ?? "docker", args, {
          env: { ...process.env, DOCKER_CONFIG: own },
        });
      await docker("login", "--username", LOGIN.username, "--password", LOGIN.password, registry.host);
      const loggedIn = new DockerEngine({ configDir: own });
      await build(loggedIn, builder);
      await docker("logout", registry.host);
      await expect(build(loggedIn, builder)).rejects.toMatchObject({ code: "image_build_failed" });
      await loggedIn.close();
    });

    it("gives it to who has them in a credential helper", async () => {
      const helper = join(configDir, "docker-credential-nullspace-test");
      const answer = JSON.stringify({ ServerURL: registry.host, Username: LOGIN.username, Secret: LOGIN.password });
      await writeFile(helper, `#!/bin/sh\nread -r server\n[ "$server" = ${registry.host} ] && echo '${answer}'\n`);
      await chmod(helper, 0o755);
      const PATH = `${configDir}${delimiter}${process.env.PATH}`;
      const config = { credHelpers: { [registry.host]: "nullspace-test" } };
      await withConfig(config, (own) => build(own, builder), { PATH });
    });

    it("refuses it to who has none, or wrong ones, which win over those of the configuration", async () => {
      await expect(withConfig({}, (own) => build(own, builder))).rejects.toMatchObject({ code: "image_build_failed" });
      const wrong = { [registry.host]: { username: "robin", password: "wrong-password" } };
      const config = { auths: { [registry.host]: { auth: basicAuth } } };
      const error = await withConfig(config, (own) => build(own, builder, wrong)).catch((cause: unknown) => cause);
      expect(error).toMatchObject({ code: "image_build_failed" });
      expect(String((error as Error).stack)).not.toContain("wrong-password");
    });
  });

  it("takes a push and gives a pull with the credentials of the configuration, and neither without", async () => {
    const name = `${registry.host}/team/pushed:1`;
    await engine.images.tag(BASE_IMAGE, name);
    await expect(withConfig({}, (own) => own.images.push(name))).rejects.toMatchObject({ code: "engine_error" });
    await withConfig({ auths: { [registry.host]: { auth: basicAuth } } }, async (own) => {
      await own.images.push(name);
      await own.images.remove(name);
      await own.images.pull(name);
      await own.images.remove(name);
    });
    await expect(withConfig({}, (own) => own.images.pull(name))).rejects.toMatchObject({ status: 500 });
  });
});

it("helpers that are missing or fail stop no build that needs none of them, as with the docker command", async () => {
  const dir = await mkdtemp(join(tmpdir(), "nullspace-docker-config-"));
  const config = { credsStore: "nullspace-missing", credHelpers: { "us-docker.pkg.dev": "nullspace-missing-too" } };
  await writeFile(join(dir, "config.json"), JSON.stringify(config));
  await writeFile(join(dir, "Dockerfile"), `FROM ${BASE_IMAGE}\nLABEL x=${dir}\n`);
  const docker = ["build", "-q", "-t", engine.imageName(), dir];
  await promisify(execFile)(process.env.NULLSPACE_DOCKER_BUILDKIT_CLI!, docker, {
    env: { ...process.env, DOCKER_CONFIG: dir, DOCKER_BUILDKIT: "0" },
  });
  const own = new DockerEngine({ configDir: dir });
  const warnings: string[] = [];
  const build = own.build({ path: dir, tags: engine.imageName(), builder: "classic" });
  for await (const one of build) if (one.kind === "warning") warnings.push(one.text);
  expect((await build.done).imageId).toMatch(/^sha256:/);
  // The store may have credentials of the base image's registry; the helper of another registry is not asked.
  expect(warnings).toEqual([expect.stringContaining("docker-credential-nullspace-missing could not be run")]);
  await own.close();
  await rm(dir, { recursive: true });
});

afterAll(() => engine[Symbol.asyncDispose]());
