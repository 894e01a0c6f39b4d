import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { makeCertificates } from "./certificates.ts";
import { BASE_IMAGE, openEngine } from "./engine-fixture.ts";
import { type EngineProxy, startEngineProxy } from "./engine-proxy.ts";
import { type SshServer, startSshServer } from "./ssh-server.ts";

const engine = openEngine();
afterAll(() => engine[Symbol.asyncDispose]());

/** A build with a secret, an exec and a list: requests, a session and a hijacked stream. */
async function exercise(own: DockerEngine): Promise<void> {
  const tag = engine.imageName();
  const fileobj = `FROM ${BASE_IMAGE}\nRUN --mount=type=secret,id=s,required cat /run/secrets/s > /s\n`;
  await own.build({ fileobj, tags: tag, secrets: [{ id: "s", value: "over-here" }], noCache: true }).done;
  const id = await engine.runContainer(["sleep", "1000"], tag);
  expect((await own.containers.exec(id, { cmd: ["cat", "/s", "-"], stdin: " and there" })).stdout).toBe(
    "over-here and there",
  );
}

describe("an engine behind TLS", () => {
  let dir: string;
  let proxy: EngineProxy;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "nullspace-tls-"));
    await makeCertificates(dir);
    await writeFile(join(dir, "cert.pem"), await readFile(join(dir, "client.pem")));
    await writeFile(join(dir, "key.pem"), await readFile(join(dir, "client-key.pem")));
    const pem = (name: string) => readFile(join(dir, name));
    proxy = await startEngineProxy({
      ca: await pem("ca.pem"),
      cert: await pem("server.pem"),
      key: await pem("server-key.pem"),
      requestCert: true,
      rejectUnauthorized: true,
    });
  });
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    await rm(dir, { recursive: true });
  });

  const connect = (env: Record<string, string>) =>
    new DockerEngine({ env: { DOCKER_HOST: `tcp://127.0.0.1:${proxy.port}`, ...env } });

  it("is spoken to with the certificates of DOCKER_CERT_PATH", async () => {
    const own = connect({ DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: dir });
    await exercise(own);
    await own.close();
  });

  it("is refused when its certificate is not of the authority expected, and accepted so when checks are off", async () => {
    const other = await mkdtemp(join(dir, "other-"));
    for (const name of ["cert.pem", "key.pem"]) await writeFile(join(other, name), await readFile(join(dir, name)));
    await writeFile(join(other, "ca.pem"), await readFile(join(dir, "client.pem")));
    const strict = connect({ DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: other });
    await expect(strict.ping()).rejects.toMatchObject({ code: "engine_unreachable" });
    await strict.close();
    const lax = connect({ DOCKER_CERT_PATH: other });
    expect((await lax.ping()).osType).toBe("linux");
    await lax.close();
  });
});

describe("a context that the docker command has made", () => {
  it("leads to its engine, with its certificates, when it is named and when it is chosen", async () => {
    const dir = await mkdtemp(join(tmpdir(), "nullspace-context-"));
    await makeCertificates(dir);
    const pem = (name: string) => readFile(join(dir, name));
    const [ca, cert, key] = [await pem("ca.pem"), await pem("server.pem"), await pem("server-key.pem")];
    const proxy = await startEngineProxy({ ca, cert, key, requestCert: true, rejectUnauthorized: true });
    const env = { PATH: process.env.PATH, DOCKER_CONFIG: join(dir, "config") };
    const docker = (...args: string[]) =>
      promisify(execFile)(process.env.NULLSPACE_DOCKER_CLI ?? "docker", args, { env });
    const files = `ca=${join(dir, "ca.pem")},cert=${join(dir, "client.pem")},key=${join(dir, "client-key.pem")}`;
    try {
      await docker("context", "create", "far-away", "--docker", `host=tcp://127.0.0.1:${proxy.port},${files}`);
      const named = new DockerEngine({ context: "far-away", env });
      await exercise(named);
      await named.close();
      await docker("context", "use", "far-away");
      const chosen = new DockerEngine({ env });
      expect(chosen.host).toBe(`tcp://127.0.0.1:${proxy.port}`);
      expect((await chosen.ping()).osType).toBe("linux");
      await chosen.close();
      await docker("context", "use", "default");
      const byDefault = new DockerEngine({ env });
      expect(byDefault.host).toBe("unix:///var/run/docker.sock");
      await byDefault.close();
      await docker("context", "rm", "far-away");
      expect(() => new DockerEngine({ context: "far-away", env })).toThrow('There is no Docker context "far-away"');
    } finally {
      await proxy[Symbol.asyncDispose]();
      await rm(dir, { recursive: true });
    }
  });
});

describe("an engine behind SSH", () => {
  let server: SshServer;
  beforeAll(async () => {
    server = await startSshServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());
  const { PATH } = process.env;
  const withPath = (path: string) => (process.env.PATH = `${path}${delimiter}${PATH}`);
  afterEach(() => {
    process.env.PATH = PATH;
  });

  async function refusal(host: string): Promise<unknown> {
    const own = new DockerEngine({ host });
    try {
      return await own.ping().catch((error: unknown) => error);
    } finally {
      await own.close();
    }
  }

  it("is reached by the ssh command, through docker system dial-stdio over there", async () => {
    withPath(server.binDir);
    const own = new DockerEngine({ host: `ssh://me@127.0.0.1:${server.port}` });
    await exercise(own);
    await own.close();
    expect(new Set(server.commands)).toEqual(new Set(["docker system dial-stdio"]));
  });

  it("has no docker command, no engine, or is not there, in the words of ssh", async () => {
    withPath(server.binDir);
    const there = `ssh://127.0.0.1:${server.port}`;
    server.env = { ...process.env, DOCKER_HOST: "unix:///no/such.sock" };
    expect(await refusal(there)).toMatchObject({
      code: "engine_unreachable",
      message: expect.stringMatching(
        /^No Docker Engine answers at ssh:.*ssh ended with code 1: .*no\/such\.sock/s,
      ) as string,
    });
    server.env = { PATH: "/nowhere" };
    expect(await refusal(there)).toMatchObject({
      code: "engine_unreachable",
      message: expect.stringMatching(/ssh ended with code 127: .*docker: not found/s) as string,
    });
    expect(await refusal("ssh://127.0.0.1:1")).toMatchObject({
      code: "engine_unreachable",
      message: expect.stringMatching(/ssh ended with code 255: .*Connection refused/s) as string,
    });
    process.env.PATH = "/nowhere";
    expect(await refusal("ssh://127.0.0.1:1")).toMatchObject({
      code: "engine_unreachable",
      message: expect.stringContaining("the ssh command could not be run") as string,
    });
  });

  it("is not spoken to when it does not know the key, or is not known itself, and nobody is asked", async () => {
    withPath(server.binDir);
    const host = `ssh://127.0.0.1:${server.port}`;
    await server.changeClientKey();
    expect(await refusal(host)).toMatchObject({
      code: "engine_unreachable",
      message: expect.stringMatching(/ssh ended with code 255: .*Permission denied \(publickey\)/s) as string,
    });
    await server.changeKnownHost();
    expect(await refusal(host)).toMatchObject({
      code: "engine_unreachable",
      message: expect.stringMatching(/Host key verification failed/) as string,
    });
  });
});
