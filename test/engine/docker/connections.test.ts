import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { makeCertificates } from "./certificates.ts";
import { BASE_IMAGE, openEngine } from "./engine-fixture.ts";
import { type EngineProxy, startEngineProxy } from "./engine-proxy.ts";

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

describe("an engine behind SSH", () => {
  it("is reached through the ssh command, and its words are told when that fails", async () => {
    const dir = await mkdtemp(join(tmpdir(), "nullspace-ssh-"));
    // No SSH server is at hand in tests: this one checks the arguments and runs the command here.
    const script = `#!/bin/sh
case "$*" in
  *"-l me -p 2222 -- engine.example docker system dial-stdio") exec docker system dial-stdio;;
  *) echo "cannot resolve $*" >&2; exit 255;;
esac
`;
    await writeFile(join(dir, "ssh"), script);
    await chmod(join(dir, "ssh"), 0o755);
    const { PATH } = process.env;
    process.env.PATH = `${dir}${delimiter}${PATH}`;
    try {
      const own = new DockerEngine({ host: "ssh://me@engine.example:2222" });
      await exercise(own);
      await own.close();
      const nobody = new DockerEngine({ host: "ssh://nowhere.example" });
      await expect(nobody.ping()).rejects.toMatchObject({
        code: "engine_unreachable",
        message: expect.stringMatching(/ssh:\/\/nowhere\.example: ssh ended with code 255: cannot resolve/) as string,
      });
      await nobody.close();
    } finally {
      process.env.PATH = PATH;
      await rm(dir, { recursive: true });
    }
  });
});
