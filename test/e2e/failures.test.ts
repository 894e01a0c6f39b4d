import { afterAll, afterEach, beforeAll, describe, expect, it as test } from "vitest";
import { inTurnsIn } from "./sequences/support/turns.ts";
import { PulumiProject, type CliResult } from "./support/pulumi-project.ts";
import { baseImage, startTestService, type TestService } from "./support/service.ts";

const shells = [
  { shell: "dynamic", module: "pulumi-nullspace" },
  { shell: "plugin", module: "pulumi-nullspace/native" },
] as const;

const goodDockerfile = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY hello.txt /hello.txt\n";

describe.each(shells)("what goes wrong under the $shell shell", ({ shell, module }) => {
  const it = inTurnsIn(shell);
  let service: TestService;
  let project: PulumiProject | undefined;

  beforeAll(async () => {
    baseImage();
    service = await startTestService();
  });

  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
  });

  afterEach(() => {
    project?.dispose();
    project = undefined;
  });

  /** One `up` of one template with these arguments. */
  async function up(
    args: Record<string, unknown>,
    files: Record<string, string>,
    env: Record<string, string> = {},
  ): Promise<CliResult> {
    project = new PulumiProject({
      program: `"use strict";
const nullspace = require(${JSON.stringify(module)});
const args = ${JSON.stringify({ name: "broken", context: "./app", ...args })};
const web = new nullspace.Template("web", { ...args, buildArgs: { BASE_IMAGE: process.env.NULLSPACE_BASE_IMAGE } });
module.exports = { buildId: web.buildId };
`,
      files,
      env: { ...service.env, ...env },
    });
    await project.ok("stack", "init", "dev");
    return project.run("up", "--yes", "--skip-preview");
  }

  const app = { "app/Dockerfile": goodDockerfile, "app/hello.txt": "hello\n" };

  /** Nothing in the state but the stack and its provider, nothing in the service. */
  async function expectNothingLeft(): Promise<void> {
    const types = (await project!.resources()).map((resource) => resource.type);
    expect(types.filter((type) => type.endsWith(":Template"))).toEqual([]);
    expect(await service.client.templates.exists("local/broken")).toBe(false);
  }

  it("says which Dockerfile was looked for", async () => {
    const result = await up({}, { "app/hello.txt": "hello\n" });
    expect(result.exitCode).not.toBe(0);
    expect(result.text).toMatch(/dockerfile/);
    expect(result.text).toMatch(/no Dockerfile at .*app\/Dockerfile/i);
    await expectNothingLeft();
  });

  it("says which context folder is missing", async () => {
    const result = await up({ context: "./nowhere" }, app);
    expect(result.exitCode).not.toBe(0);
    expect(result.text).toMatch(/context/);
    expect(result.text).toMatch(/nowhere/);
    await expectNothingLeft();
  });

  it("names an unknown input", async () => {
    const result = await up({ startCommand: "httpd" }, app);
    expect(result.exitCode).not.toBe(0);
    expect(result.text).toMatch(/startCommand/);
    expect(result.text).toMatch(/startCmd/);
    await expectNothingLeft();
  });

  it("names the property when a name is refused", async () => {
    const result = await up({ name: "Not A Name" }, app);
    expect(result.exitCode).not.toBe(0);
    expect(result.text).toMatch(/\bname\b/);
    expect(result.text).toMatch(/Not A Name/);
    expect(await service.client.templates.list()).not.toContainEqual(expect.objectContaining({ name: "Not A Name" }));
  });

  it("says what to start when the service is down", async () => {
    const result = await up({}, app, { NULLSPACE_API_URL: "http://127.0.0.1:9" });
    expect(result.exitCode).not.toBe(0);
    expect(result.text).toMatch(/http:\/\/127\.0\.0\.1:9/);
    expect(result.text).toMatch(/nullspace-local serve/);
    await expectNothingLeft();
  });

  it("says that the key is wrong, without showing it", async () => {
    const result = await up({}, app, { NULLSPACE_API_KEY: "ns_live_not-the-key" });
    expect(result.exitCode).not.toBe(0);
    expect(result.text).toMatch(/API key/i);
    expect(result.text).toMatch(/NULLSPACE_API_KEY/);
    expect(result.text).not.toContain("ns_live_not-the-key");
    await expectNothingLeft();
  });

  it("says which settings to make when there is no key", async () => {
    const result = await up({}, app, { NULLSPACE_API_KEY: "", NULLSPACE_TOKEN: "" });
    expect(result.exitCode).not.toBe(0);
    expect(result.text).toMatch(/NULLSPACE_API_KEY/);
    expect(result.text).toMatch(/nullspace:apiKey/);
    await expectNothingLeft();
  });

  it("keeps a template whose build failed, with the step and its last lines, and builds again after the mend", async () => {
    const result = await up({}, { ...app, "app/Dockerfile": `${goodDockerfile}RUN echo before-the-end && false\n` });
    expect(result.exitCode).not.toBe(0);
    expect(result.text).toMatch(/before-the-end/);
    expect(result.text).toMatch(/tb_/);
    const kept = await project!.resource("Template");
    expect(kept.initErrors?.join("\n")).toMatch(/false/);
    project!.write("app/Dockerfile", goodDockerfile);
    await project!.ok("up", "--yes", "--skip-preview");
    const mended = await project!.resource("Template");
    expect(mended.initErrors ?? []).toEqual([]);
    expect(mended.id).toBe(kept.id);
    await project!.ok("destroy", "--yes", "--skip-preview");
    await expectNothingLeft();
  });
});

describe("a service whose Docker Engine is down", () => {
  test("says what to start, and keeps no half-made build", async () => {
    baseImage();
    await using service = await startTestService({ env: { DOCKER_HOST: "unix:///nonexistent/docker.sock" } });
    const project = new PulumiProject({
      program: `"use strict";
const nullspace = require("pulumi-nullspace");
new nullspace.Template("web", { name: "no-engine", context: "./app", buildArgs: { BASE_IMAGE: process.env.NULLSPACE_BASE_IMAGE } });
`,
      files: { "app/Dockerfile": goodDockerfile, "app/hello.txt": "hello\n" },
      env: service.env,
    });
    try {
      await project.ok("stack", "init", "dev");
      const result = await project.run("up", "--yes", "--skip-preview");
      expect(result.exitCode).not.toBe(0);
      expect(result.text).toMatch(/Docker Engine/);
      expect(result.text).toMatch(/\/nonexistent\/docker\.sock/);
      expect((await project.resources()).filter((each) => each.type.endsWith(":Template"))).toEqual([]);
      expect(await service.client.templates.exists("local/no-engine")).toBe(false);
    } finally {
      project.dispose();
    }
  });
});
