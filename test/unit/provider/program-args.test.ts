import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkInputs } from "../../../provider/core/check-inputs.ts";
import { TemplateInputs } from "../../../provider/core/template/inputs.ts";
import { fromProgram } from "../../../provider/core/template/program-args.ts";
import {
  fromAwsRegistry,
  fromDockerfile,
  fromDockerfileContent,
  fromGcpRegistry,
  fromImage,
  fromTemplate,
  waitForPort,
  type TemplateBuilder,
} from "../../../sdk/template/index.ts";

/** The inputs of a builder, which must be ones that Check takes. */
function inputsOf(source: TemplateBuilder): Record<string, unknown> {
  const inputs = fromProgram<object>({ source }) as Record<string, unknown>;
  expect(checkInputs(TemplateInputs, inputs).failures).toEqual([]);
  return inputs;
}

describe("a builder of the SDK as the source of a Template", () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "nullspace-builder-"));
    writeFileSync(join(dir, "Dockerfile"), "FROM scratch\n");
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it("gives every step that there is, in the provider's words", () => {
    const builder = fromImage("debian:12")
      .aptInstall("curl", "git")
      .pipInstall(["numpy"], { g: false })
      .npmInstall("left-pad", { g: true })
      .bunInstall("x")
      .runCmd(["echo one", "echo two"], { user: "root" })
      .copy("src", "/app/", { user: "app", mode: 0o644, forceUpload: true })
      .copyItems([{ src: ["a", "b"], dst: "/x/" }])
      .remove("/tmp/x", { recursive: true, force: true })
      .rename("/a", "/b", { force: true })
      .makeDir("/made", { mode: 0o755 })
      .makeSymlink("/a", "/b")
      .gitClone("https://example.com/x.git", "/w", { branch: "main", depth: 1 })
      .skipCache()
      .setWorkdir("/app")
      .setUser("app");
    expect(inputsOf(builder)).toMatchObject({
      image: "debian:12",
      user: "app",
      workdir: "/app",
      ignorePatterns: ["!**"],
      steps: [
        { kind: "apt_install", packages: ["curl", "git"] },
        { kind: "pip_install", packages: ["numpy"], global: false },
        { kind: "npm_install", packages: ["left-pad"], global: true },
        { kind: "bun_install", packages: ["x"] },
        { kind: "run", cmd: "echo one", user: "root" },
        { kind: "run", cmd: "echo two", user: "root" },
        { kind: "copy", sources: ["src"], dst: "/app/", user: "app", mode: "0644", forceUpload: true },
        { kind: "copy_items", items: [{ sources: ["a", "b"], dst: "/x/" }] },
        { kind: "remove", path: "/tmp/x", recursive: true, force: true },
        { kind: "rename", src: "/a", dst: "/b", force: true },
        { kind: "make_dir", path: "/made", mode: "0755" },
        { kind: "make_symlink", target: "/a", path: "/b" },
        { kind: "git_clone", url: "https://example.com/x.git", path: "/w", branch: "main", depth: 1 },
        { kind: "skip_cache" },
        { kind: "workdir", path: "/app" },
        { kind: "user", user: "app" },
      ],
    });
  });

  it("gives variables, start command, readiness and secrets", () => {
    const builder = fromTemplate("acme/base:v1")
      .setBuildEnvs({ A: "1" })
      .setRuntimeEnvs({ B: "2" })
      .addBuildSecret("token", "hunter2")
      .setStartCmd("serve", waitForPort(8080, { timeoutSecs: 5 }));
    expect(inputsOf(builder)).toEqual({
      fromTemplate: "acme/base:v1",
      ignorePatterns: ["!**"],
      buildEnv: { A: "1" },
      env: { B: "2" },
      buildSecrets: { token: "hunter2" },
      startCmd: "serve",
      readiness: { kind: "tcp", port: 8080, timeoutSecs: 5, intervalMs: 500, startupGraceSecs: 2 },
    });
  });

  it("gives the credentials of its image, of each kind", () => {
    const basic = inputsOf(fromImage("ghcr.io/a/b:1", { username: "u", password: "p" })).registryAuth;
    expect(basic).toEqual([{ registry: "ghcr.io", auth: { kind: "basic", username: "u", password: "p" } }]);
    const aws = { accessKeyId: "a", secretAccessKey: "b", region: "c", sessionToken: "d" };
    expect(inputsOf(fromAwsRegistry("1.dkr.ecr.eu-1.amazonaws.com/x", aws)).registryAuth).toEqual([
      { registry: "1.dkr.ecr.eu-1.amazonaws.com", auth: { kind: "aws_ecr", ...aws } },
    ]);
    const gcp = inputsOf(fromGcpRegistry("eu-docker.pkg.dev/p/r/i", { serviceAccountJson: { key: "k" } })).registryAuth;
    expect(gcp).toEqual([
      { registry: "eu-docker.pkg.dev", auth: { kind: "gcp_artifact_registry", serviceAccountJson: '{"key":"k"}' } },
    ]);
  });

  it("gives a Dockerfile with its context, or its text without one", () => {
    expect(inputsOf(fromDockerfile(join(dir, "Dockerfile")))).toMatchObject({
      dockerfile: "Dockerfile",
      context: expect.stringContaining("nullspace-builder-"),
      ignoreSyntax: "gitignore",
    });
    expect(inputsOf(fromDockerfileContent("FROM x"))).toEqual({ dockerfileContent: "FROM x", ignorePatterns: ["**"] });
  });

  it("refuses another source beside it, and lets an input win over what the builder says", () => {
    const source = fromImage("debian:12").setUser("app");
    expect(() => fromProgram({ source, image: "x" })).toThrow(/source and image/);
    expect(fromProgram({ source, user: "root" })).toMatchObject({ image: "debian:12", user: "root" });
    const without = { name: "web" };
    expect(fromProgram(without)).toBe(without);
  });
});
