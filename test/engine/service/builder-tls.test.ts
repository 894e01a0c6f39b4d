import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServiceProcess } from "../../../scripts/quickstart/local-service.ts";
import { NullspaceClient } from "../../../sdk/client/index.ts";
import { type BuildKitDaemonProcess, startBuildKitDaemon } from "../docker/buildkit-daemon.ts";
import { makeCertificates } from "../docker/certificates.ts";
import { freePort, LOGIN } from "../docker/private-registry.ts";
import { startBuildSite, type BuildSite } from "./registry-world.ts";

const FLAGS = ["--conditions=nullspace-source", "--disable-warning=ExperimentalWarning"];
const COMMAND = fileURLToPath(new URL("../../../service/bin/nullspace-local.ts", import.meta.url));

const folder = mkdtempSync(join(tmpdir(), "nullspace-builder-tls-"));
let site: BuildSite;
let daemon: BuildKitDaemonProcess;
let port: number;

/** A file of the builder's authority. */
const own = (name: string) => join(folder, "own", name);
/** One of another authority, of which nobody here has heard. */
const strange = (name: string) => join(folder, "strange", name);

beforeAll(async () => {
  for (const name of ["own", "strange"]) {
    mkdirSync(join(folder, name));
    await makeCertificates(join(folder, name));
  }
  port = await freePort();
  const tls = ["--tlscert", own("server.pem"), "--tlskey", own("server-key.pem"), "--tlscacert", own("ca.pem")];
  [site, daemon] = await Promise.all([
    startBuildSite({ builders: 0 }),
    startBuildKitDaemon(["--addr", `tcp://127.0.0.1:${port}`, ...tls]),
  ]);
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await site?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const GOOD = { ca: own("ca.pem"), cert: own("client.pem"), key: own("client-key.pem") };

/** What the command is told of the builder and the registry. */
function setup(files: { ca?: string; cert?: string; key?: string }, host = "127.0.0.1"): string[] {
  return [
    "--builder=buildkit",
    `--builder-address=tcp://${host}:${port}`,
    ...Object.entries(files).map(([name, file]) => `--builder-tls-${name}=${file}`),
    `--registry=${site.registry.host}/tls/artifacts`,
    `--registry-user=${LOGIN.username}`,
  ];
}

const env = { ...process.env, NULLSPACE_REGISTRY_PASSWORD: LOGIN.password };

/** What doctor says of the builder. */
async function doctor(...args: string[]): Promise<string> {
  const command = [...FLAGS, COMMAND, "doctor", "--json", `--data=${join(folder, "none")}`, ...args];
  const { stdout } = await promisify(execFile)(process.execPath, command, { env }).catch(
    (error: unknown) => error as { stdout: string },
  );
  const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string; message: string }[] };
  const { status, message } = checks.find(({ name }) => name === "builder")!;
  return `${status} ${message}`;
}

describe("a builder that asks for a certificate, and shows one", () => {
  it("builds for a service that was told of the right ones, by the options of its command", async () => {
    await using stack = new AsyncDisposableStack();
    const service = await startServiceProcess({
      node: [...FLAGS, COMMAND],
      dataDir: join(folder, "data"),
      logFile: join(folder, "service.log"),
      env,
      serve: setup(GOOD),
    });
    stack.defer(() => service.stop());
    const { NULLSPACE_API_KEY: apiKey, NULLSPACE_API_URL: baseUrl } = service.env;
    const client = new NullspaceClient({ apiKey, baseUrl });
    stack.defer(() => client.close());
    const dockerfile = `FROM ${site.baseImage}\nRUN echo ${Math.random()} > /made\n`;
    const registry_auth = [{ registry: site.registry.host, auth: { kind: "basic" as const, ...LOGIN } }];
    const { build_id } = await client.builds.start({ name: "web", dockerfile, registry_auth });
    expect((await client.builds.waitUntilTerminal(build_id)).build.status).toBe("ready");
    expect(await doctor(...setup(GOOD))).toMatch(/^ok BuildKit /);
  });

  it.each([
    [
      "an authority that is not the builder's",
      { ...GOOD, ca: strange("ca.pem") },
      "from an authority that is not trusted",
    ],
    [
      "no authority, so that those of Node count",
      { cert: GOOD.cert, key: GOOD.key },
      "from an authority that is not trusted",
    ],
    ["no certificate of its own", { ca: GOOD.ca }, "it requires a client certificate"],
    [
      "a certificate of another authority",
      { ...GOOD, cert: strange("client.pem"), key: strange("client-key.pem") },
      "the client certificate",
    ],
  ])("is not spoken to with %s, and the reason is told", async (_what, files, reason) => {
    const said = await doctor(...setup(files));
    expect(said).toContain(`tcp://127.0.0.1:${port}`);
    expect(said).toMatch(/^fail /);
    expect(said).toContain(reason);
  });

  it("is not spoken to under a name that its certificate is not for", async () => {
    const said = await doctor(...setup(GOOD, "localhost"));
    expect(said).toMatch(/^fail .*its certificate is for other names \(IP Address:127\.0\.0\.1\)/);
  });

  it("is not spoken to in the clear, and one that speaks no TLS not with it", async () => {
    expect(await doctor(...setup({}))).toMatch(/^fail .*(closed before the server spoke HTTP\/2|no HTTP\/2)/);
    const plain = await freePort();
    await using clear = await startBuildKitDaemon(["--addr", `tcp://127.0.0.1:${plain}`]);
    expect(clear.address).toContain("unix:");
    const other = setup(GOOD).map((each) => each.replace(`:${port}`, `:${plain}`));
    expect(await doctor(...other)).toMatch(/^fail .*it does not speak TLS/);
  });

  it("is told of when a file of the options cannot be read, before anything is served", async () => {
    const missing = join(folder, "missing.pem");
    const command = [
      ...FLAGS,
      COMMAND,
      "serve",
      "--port=0",
      `--data=${join(folder, "other")}`,
      ...setup({ ...GOOD, ca: missing }),
    ];
    const failed = await promisify(execFile)(process.execPath, command, { env }).catch((error: unknown) => error);
    expect(failed).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${missing} for connections to builders`),
    });
  });
});
