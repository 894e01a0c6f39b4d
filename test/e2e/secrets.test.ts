import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { inTurnsIn } from "./sequences/support/turns.ts";
import { PulumiProject, type CliResult } from "./support/pulumi-project.ts";
import { SecretScanner } from "./support/secret-scanner.ts";
import { baseImage, startTestService, type TestService } from "./support/service.ts";

const shells = [
  { shell: "dynamic", module: "pulumi-nullspace" },
  { shell: "plugin", module: "pulumi-nullspace/native" },
] as const;

/** Every secret of the program, by the input that it is in. */
const SECRETS = {
  buildSecret: 'build-secret/"quoted" & più',
  buildSecretLines: "first-secret-line\nsecond-secret-line",
  registryPassword: "registry-pass+word=1",
  env: "env-secret %41 value",
  buildArg: "build-arg-secret-value",
  startCmd: "start-cmd-secret-value",
  readiness: "readiness-secret-value",
  label: "label-secret-value",
};
type SecretName = keyof typeof SECRETS;

/** What a service must keep to do its work, and an engine to run it: the page on secrets says so. */
const KEPT_BY_THE_SERVICE: readonly SecretName[] = ["env", "buildArg", "startCmd", "readiness", "label"];
/** Docker writes arguments and commands into images and containers. */
const KEPT_BY_THE_ENGINE: readonly SecretName[] = ["env", "buildArg", "startCmd", "readiness"];

const program = (module: string) => `"use strict";
const pulumi = require("@pulumi/pulumi");
const nullspace = require(${JSON.stringify(module)});
const secret = ${JSON.stringify(SECRETS)};
const of = (name) => pulumi.secret(secret[name]);
const web = new nullspace.Template("web", {
  name: "secretive",
  context: "./app",
  buildArgs: { ARGUMENT: of("buildArg") },
  buildSecrets: { one: secret.buildSecret, lines: secret.buildSecretLines },
  registryAuth: [{ registry: process.env.NULLSPACE_BASE_IMAGE.split("/")[0], auth: { kind: "basic", username: "somebody", password: secret.registryPassword } }],
  env: process.env.DROP_SECRETS ? { PLAIN: "other" } : { PLAIN: "plain", TOKEN: of("env") },
  startCmd: pulumi.interpolate\`sleep 999 # \${of("startCmd")}\`,
  readiness: { kind: "command", command: pulumi.interpolate\`true # \${of("readiness")}\` },
  vcpus: 1,
  memoryMib: 64,
});
new nullspace.WarmPool("pool", {
  name: "secretive", template: web.canonicalRef, minReady: 1, maxReady: 1, vcpus: 1, memoryMib: 64, labels: { token: of("label") },
});
module.exports = { buildId: web.buildId };
`;

/** Prints what it gets hold of. */
const dockerfile = (end: string) => `FROM ${baseImage()}
ARG ARGUMENT
RUN echo "the argument is $ARGUMENT"
RUN --mount=type=secret,id=one --mount=type=secret,id=lines cat /run/secrets/one /run/secrets/lines; base64 /run/secrets/one; ${end}
`;

describe.each(shells)("secrets under the $shell shell", ({ shell, module }) => {
  let service: TestService;
  let project: PulumiProject;
  // The dynamic shell is told nothing of secrets by the engine: the long one is its own.
  const it = inTurnsIn(shell, "plugin");
  const scanner = new SecretScanner(SECRETS);
  const runs: CliResult[] = [];
  const debugFile = () => join(project.dir, "grpc.json");

  const pulumi = async (...args: string[]): Promise<CliResult> => {
    const result = await project.run(...args);
    runs.push(result);
    return result;
  };

  beforeAll(async () => {
    baseImage();
    service = await startTestService();
    project = new PulumiProject({
      program: program(module),
      files: { "app/Dockerfile": dockerfile("false") },
      env: service.env,
    });
    project.setEnv({ PULUMI_DEBUG_GRPC: debugFile() });
    await project.ok("stack", "init", "dev");
  });
  afterAll(async () => {
    project?.dispose();
    await service?.[Symbol.asyncDispose]();
  });

  it("are not printed because an input is not right, a misspelt one included", async () => {
    const wrong = [
      `new nullspace.Template("a", { registryAuth: { registry: "a", auth: { kind: "basic", username: "a", password: secret.registryPassword } } });`,
      `new nullspace.Template("b", { envs: { A: of("env") } });`,
      `new nullspace.Template("c", { buildSecrets: secret.buildSecret });`,
      `new nullspace.Template("d", { apiKey: secret.label, name: of("buildArg"), vcpus: of("startCmd"), context: of("readiness") });`,
      `new nullspace.Template("e", { name: "e", context: of("readiness") });`,
      `new nullspace.Template("f", { name: "f", context: "./app", dockerfile: of("readiness") });`,
      `new nullspace.TemplateTag("g", { template: of("env"), tag: of("buildArg"), buildId: of("label") });`,
      `new nullspace.TemplateAlias("h", { template: of("env"), alias: of("buildArg") });`,
      `new nullspace.WarmPool("i", { name: "i", template: of("env"), minReady: 3, maxReady: 2, metadata: of("label"), labels: { a: [of("buildArg")] } });`,
    ];
    using mistaken = new PulumiProject({
      program: "",
      files: { "app/Dockerfile": "FROM scratch\n" },
      env: service.env,
    });
    await mistaken.ok("stack", "init", "dev");
    const ways = [["preview"], ["preview", "--diff"], ["preview", "--json"], ["up", "--yes", "--skip-preview"]];
    for (const [index, line] of wrong.entries()) {
      const args = ways[index % ways.length]!;
      mistaken.write("index.js", `${program(module).split("const web")[0]!}${line}\n`);
      const { exitCode, text } = await mistaken.run(...args);
      expect(exitCode, line).not.toBe(0);
      expect(text, line).toContain("problem");
      scanner.scan(`pulumi ${args.join(" ")} of ${line}`, text);
    }
    expect(scanner.leaks).toEqual([]);
  });

  it("are printed by a build and shown by nobody, through create, failure, update, refresh and destroy", async () => {
    const preview = await pulumi("preview", "--diff");
    expect(preview.text).toMatch(/buildArgs.ARGUMENT.*buildSecrets/s);
    const failed = await pulumi("up", "--yes", "--skip-preview");
    expect(failed.exitCode).not.toBe(0);
    expect(failed.text).toContain("the argument is [secret]");
    const kept = await project.resource("Template");
    expect(kept.initErrors?.join("\n")).toContain("[secret]");
    scanState("after a failed build");

    expect((await pulumi("refresh", "--yes", "--skip-preview")).exitCode).toBe(0);
    scanState("after a refresh of it");
    project.write("app/Dockerfile", dockerfile("true"));
    const created = await pulumi("up", "--yes", "--skip-preview");
    expect(created.exitCode, created.text.slice(-2000)).toBe(0);
    scanState("after a good one");
    scanEngine();

    // What an update that fails keeps of the old inputs is as secret as it was, also when the new ones drop it.
    project.setEnv({ DROP_SECRETS: "1" });
    project.write("app/Dockerfile", dockerfile("false"));
    expect((await pulumi("up", "--yes", "--skip-preview")).exitCode).not.toBe(0);
    scanState("after an update that failed and drops a secret");
    project.setEnv({ DROP_SECRETS: "" });
    project.write("app/Dockerfile", dockerfile("true"));

    project.write("app/more.txt", "more\n");
    expect((await pulumi("preview", "--diff", "--json")).exitCode).toBe(0);
    expect((await pulumi("up", "--yes", "--diff")).exitCode).toBe(0);
    expect((await pulumi("refresh", "--yes", "--diff")).exitCode).toBe(0);
    expect((await pulumi("stack", "--show-urns")).exitCode).toBe(0);
    scanState("after an update");
    expect((await pulumi("up", "--yes", "--skip-preview")).text).toMatch(/3 unchanged/);
    expect((await pulumi("destroy", "--yes")).exitCode).toBe(0);

    // Not with --debug or -v=9: Pulumi's SDK and engine write there, in clear, what they are given.
    for (const [index, { text, args }] of runs.entries()) {
      scanner.scan(`output ${index}: pulumi ${args?.join(" ")}`, text);
    }
    scanGrpcLog();
    scanner.scanFolder("the service's data", service.dataDir, KEPT_BY_THE_SERVICE);
    scanner.scan("the service's log", readFileSync(service.logFile));
    expect(scanner.leaks).toEqual([]);
  });

  function scanState(when: string): void {
    scanner.scanFolder(`state ${when}`, join(project.dir, "state"));
  }

  function scanEngine(): void {
    const docker = (...args: string[]) => {
      const { stdout, stderr, status } = spawnSync("docker", args, { encoding: "utf8" });
      // Other suites work on the same engine: what they took away between the list and the look is nobody's to look at.
      if (status !== 0 && !/no such (image|object|container)/i.test(stderr))
        throw new Error(`docker ${args.join(" ")}: ${stderr}`);
      return stdout;
    };
    const lines = (text: string) => text.split("\n").filter((line) => line !== "");
    for (const id of new Set(lines(docker("images", "-q", "--filter", "label=dev.nullspace.local.instance")))) {
      scanner.scan(`docker inspect ${id}`, docker("inspect", id), KEPT_BY_THE_ENGINE);
      scanner.scan(`docker history ${id}`, docker("history", "--no-trunc", id), ["buildArg"]);
    }
    for (const id of lines(docker("ps", "-aq", "--filter", "label=dev.nullspace.local.instance"))) {
      scanner.scan(`docker inspect ${id}`, docker("inspect", id), KEPT_BY_THE_ENGINE);
    }
  }

  /**
   * What the engine writes of its calls. Secrets travel marked, as values of their own kind: those are taken out. To a
   * dynamic provider they travel plain, because it takes no others: of its calls what it answers is looked at.
   */
  function scanGrpcLog(): void {
    if (!existsSync(debugFile())) throw new Error("the engine wrote no log of its calls");
    for (const line of readFileSync(debugFile(), "utf8")
      .split("\n")
      .filter((text) => text !== "")) {
      const entry = JSON.parse(line) as { method: string; request?: unknown };
      const isDynamic = shell === "dynamic" && entry.method.includes("ResourceProvider/");
      const shown = withoutMarked(isDynamic ? { ...entry, request: undefined } : entry);
      scanner.scan(`PULUMI_DEBUG_GRPC: ${entry.method}`, JSON.stringify(shown));
    }
  }
});

const SIGNATURE = "4dabf18193072939515e22adb298388d";

function withoutMarked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMarked);
  if (typeof value !== "object" || value === null) return value;
  if (SIGNATURE in value) return "(marked)";
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutMarked(one)]));
}
