import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, afterAll, beforeAll, describe, expect, it } from "vitest";
import { PulumiProject, repo } from "./support/pulumi-project.ts";
import { baseImage, startTestService, type TestService } from "./support/service.ts";

describe("what only the real engine can show", () => {
  let service: TestService;
  let project: PulumiProject | undefined;
  const dockerfile = `FROM ${baseImage()}\nRUN echo hello\n`;

  beforeAll(async () => {
    service = await startTestService();
  });
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
  });
  afterEach(() => {
    project?.dispose();
    project = undefined;
  });

  it("finds nothing wrong with the package schema", async () => {
    const { stdout, stderr } = await promisify(execFile)("pulumi", ["schema", "check", join(repo, "schema.json")]);
    expect(stdout + stderr).toBe("");
  });

  /** A template that no stack has made. */
  async function makeElsewhere(name: string): Promise<string> {
    const { build_id } = await service.client.builds.start({
      name,
      dockerfile,
      tags: ["default", "v1"],
      build_config: { vcpus: 1, memory_mib: 64 },
      start_cmd: "sleep 99",
      runtime_config: {
        default_user: "nobody",
        default_envs: { A: "1" },
        readiness: { kind: "timeout", timeout_ms: 5 },
      },
    });
    expect((await service.client.builds.waitUntilTerminal(build_id)).build.status).toBe("ready");
    return build_id;
  }

  const program = (name: string, options: object) => `"use strict";
const nullspace = require("pulumi-nullspace/native");
const web = new nullspace.Template("web", {
  name: ${JSON.stringify(name)}, context: "./app", tags: ["v1", "default"], vcpus: 1, memoryMib: 64,
  startCmd: "sleep 99", user: "nobody", readiness: { kind: "timeout", timeoutMs: 5 }, env: { A: "1" },
}, ${JSON.stringify(options)});
module.exports = { buildId: web.buildId };
`;

  it("takes over a template by its ID, and then has nothing to do", async () => {
    const buildId = await makeElsewhere("imported");
    project = new PulumiProject({ program: "", files: { "app/Dockerfile": dockerfile }, env: service.env });
    await project.ok("stack", "init", "dev");
    await project.ok("import", "nullspace:index:Template", "web", "local/imported", "--yes", "--generate-code=false");
    project.write("index.js", program("imported", { protect: true }));
    const up = await project.ok("up", "--yes", "--skip-preview");
    expect(up.text).toMatch(/2 unchanged/);
    expect(await project.outputs()).toEqual({ buildId });
  });

  it("takes over a template with the resource option import", async () => {
    const buildId = await makeElsewhere("adopted");
    project = new PulumiProject({
      program: program("adopted", { import: "local/adopted" }),
      files: { "app/Dockerfile": dockerfile },
      env: service.env,
    });
    await project.ok("stack", "init", "dev");
    expect((await project.ok("up", "--yes", "--skip-preview")).text).toMatch(/1 imported/);
    expect(await project.outputs()).toEqual({ buildId });
    // The first update takes the files for those that it was built from; from then on they count.
    project.write("index.js", program("adopted", {}));
    expect((await project.ok("up", "--yes", "--skip-preview")).text).toMatch(/2 unchanged/);
    project.write("app/Dockerfile", `${dockerfile}RUN echo more\n`);
    await project.ok("up", "--yes", "--skip-preview");
    expect((await project.outputs()).buildId).not.toBe(buildId);
    await project.ok("destroy", "--yes", "--skip-preview");
  });

  it.each([
    ["dynamic", "pulumi-nullspace"],
    ["plugin", "pulumi-nullspace/native"],
  ])("keeps a failed template whose manifest is larger than a usual header in the %s shell", async (shell, module) => {
    const long = "a-rather-long-name-".repeat(8);
    const files = Object.fromEntries(Array.from({ length: 450 }, (_, index) => [`app/${long}${index}`, `${index}`]));
    project = new PulumiProject({
      program: `"use strict";
const nullspace = require(${JSON.stringify(module)});
new nullspace.Template("web", { name: "large-${shell}", context: "./app" });
`,
      files: { ...files, "app/Dockerfile": `${dockerfile}RUN false\n` },
      env: service.env,
    });
    await project.ok("stack", "init", "dev");
    const result = await project.run("up", "--yes", "--skip-preview");
    expect(result.exitCode).not.toBe(0);
    const kept = await project.resource("Template");
    expect(kept.initErrors?.join("\n")).toMatch(/build tb_/);
    expect(Object.keys(kept.inputs.contextFiles as object)).toHaveLength(451);
    await project.ok("destroy", "--yes", "--skip-preview");
  });
});
