import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BuildOptions } from "../../../sdk/docker/build/build-options.ts";
import { type BuildKitDaemonProcess, startBuildKitDaemon } from "./buildkit-daemon.ts";
import { makeCertificates } from "./certificates.ts";
import { BASE_IMAGE, openEngine } from "./engine-fixture.ts";
import { freePort, LOGIN, type PrivateRegistry, startPrivateRegistry } from "./private-registry.ts";

const repository = fileURLToPath(new URL("../../..", import.meta.url));
const page = readFileSync(join(repository, "docs/docker.md"), "utf8");

/** The programs of the page, each under the heading above it. */
const examples = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => ({
  heading: page
    .slice(0, match.index)
    .match(/^#+ .*$/gm)!
    .at(-1)!
    .replace(/^#+ /, ""),
  program: match[1]!,
}));

/** What each prints when it does what the page says. */
const PRINTED: Record<string, RegExp> = {
  "Building images: `pulumi-nullspace/docker`": /^(completed|cached) \[2\/2\] COPY/m,
  "Reading a build": /^\[2\/2\] RUN exit 3 2 3 \[\]$/m,
  "The context": /^sha256:[0-9a-f]{64}$/m,
  "Which builder": /^$/,
  "What needs BuildKit's own API": /^sha256:[0-9a-f]{64}$/m,
  "A cache in a folder": /^sha256:[0-9a-f]{64}$/m,
  "Where the result goes": /^$/,
  Credentials: /^sha256:[0-9a-f]{64}$/m,
  "Build cache": /^\d+$/m,
  "On a daemon": /^\w+ complete undefined$[^]*^\d+ /m,
};

const engine = openEngine();
let folder: string;
let registry: PrivateRegistry;
let daemon: BuildKitDaemonProcess;
let daemonAddress: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "nullspace-docker-examples-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(repository, join(folder, "node_modules/pulumi-nullspace"));
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  mkdirSync(join(folder, "app"));
  writeFileSync(join(folder, "app/Dockerfile"), `FROM ${BASE_IMAGE}\nCOPY . /app\n`);
  mkdirSync(join(folder, "lib"));
  mkdirSync(join(folder, "broken"));
  writeFileSync(join(folder, "broken/Dockerfile"), `FROM ${BASE_IMAGE}\nRUN exit 3\n`);
  await makeCertificates(folder);
  for (const name of ["", "-key"]) {
    writeFileSync(join(folder, name === "" ? "cert.pem" : "key.pem"), readFileSync(join(folder, `client${name}.pem`)));
  }
  registry = await startPrivateRegistry({ tls: false });
  mkdirSync(join(folder, "config"));
  const auth = Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString("base64");
  writeFileSync(join(folder, "config/config.json"), JSON.stringify({ auths: { [registry.host]: { auth } } }));
  daemonAddress = `tcp://127.0.0.1:${await freePort()}`;
  const tls = ["cert", "key"].flatMap((name) => [
    `--tls${name}`,
    join(folder, name === "cert" ? "server.pem" : "server-key.pem"),
  ]);
  daemon = await startBuildKitDaemon(["--addr", daemonAddress, ...tls, "--tlscacert", join(folder, "ca.pem")]);
});

afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
  for (const { Id } of await engine.images.list({
    filters: { reference: [`${registry.host}/team/app`, "team/app"] },
  })) {
    await engine.images.remove(Id, { force: true });
  }
  await engine[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

describe("the Docker client's page", () => {
  it("has an example for each of its subjects", () => {
    expect(examples.map(({ heading }) => heading)).toEqual(Object.keys(PRINTED));
  });

  // Only the names that belong to nobody are replaced, by those of a registry and a daemon of this test.
  it.each(examples)("runs: $heading", async ({ heading, program }) => {
    const file = join(folder, "example.ts");
    writeFileSync(
      file,
      program
        .replaceAll("registry.example", registry.host)
        .replaceAll("tcp://buildkitd.example:1234", daemonAddress)
        .replaceAll("unix:///run/buildkit/buildkitd.sock", daemon.address),
    );
    const env = {
      ...process.env,
      DOCKER_CONFIG: join(folder, "config"),
      NPM_TOKEN: "sesame",
      REGISTRY_USER: LOGIN.username,
      REGISTRY_PASSWORD: LOGIN.password,
    };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--conditions=nullspace-source", file], {
      cwd: folder,
      env,
    });
    expect(stdout + stderr).toMatch(PRINTED[heading]!);
  });

  it("lists every option of a build", () => {
    const section = page.split("## Every option")[1]!.split("\n## ")[0]!;
    const rows = [...section.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell]) => [...cell!.matchAll(/`(\w+)`/g)]);
    expect(rows.map(([, name]) => name).toSorted()).toEqual(Object.keys(BuildOptions.shape).toSorted());
  });
});
