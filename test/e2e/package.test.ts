import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { installPacked } from "./support/packed-package.ts";
import { PulumiProject, repo } from "./support/pulumi-project.ts";
import { baseImage, startTestService } from "./support/service.ts";

describe("the package as npm installs it", () => {
  it("gives no difference, and the same provider text, after an upgrade", async () => {
    using before = installPacked("0.1.0");
    using after = installPacked("0.2.0");
    await using service = await startTestService();
    const options = {
      program: `"use strict";
const nullspace = require("pulumi-nullspace");
const web = new nullspace.Template("web", { name: "upgraded", context: "./app", buildArgs: { BASE_IMAGE: ${JSON.stringify(baseImage())} } });
module.exports = { buildId: web.buildId };
`,
      files: { "app/Dockerfile": "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY hello.txt /\n", "app/hello.txt": "hello\n" },
      env: service.env,
    };
    const project = new PulumiProject({ ...options, nodeModules: before.nodeModules });
    try {
      await project.ok("stack", "init", "dev");
      await project.ok("up", "--yes", "--skip-preview");
      const old = await project.resource("Template");
      expect(String(old.inputs.__provider).length).toBeLessThan(1000);

      project.useNodeModules(after.nodeModules);
      const up = await project.ok("up", "--yes", "--skip-preview");
      expect(up.text).toMatch(/2 unchanged/);
      const upgraded = await project.resource("Template");
      expect(upgraded.inputs.__provider).toBe(old.inputs.__provider);
      expect(upgraded.outputs.buildId).toBe(old.outputs.buildId);
      await project.ok("destroy", "--yes", "--skip-preview");
    } finally {
      project.dispose();
    }
  });

  it("has a plugin that is found as the docs say, without a warning, and from no other place", async () => {
    using installed = installPacked("0.1.0");
    const page = readFileSync(join(repo, "docs", "installation-configuration.md"), "utf8");
    const [, lines] = /```yaml\n(plugins:\n[\s\S]*?)```/.exec(page)!;
    const project = new PulumiProject({
      program: `"use strict";
const nullspace = require("pulumi-nullspace/native");
new nullspace.Template("web", { name: "web", context: "./app" });
`,
      files: { "app/Dockerfile": "FROM scratch\n", "Pulumi.yaml": `name: e2e\nruntime: nodejs\n${lines}` },
      env: { NULLSPACE_API_KEY: "k", NULLSPACE_API_URL: "http://127.0.0.1:9" },
      nodeModules: installed.nodeModules,
    });
    try {
      rmSync(join(project.dir, "bin", "pulumi-resource-nullspace"));
      await project.ok("stack", "init", "dev");
      const { text } = await project.ok("preview");
      expect(text).toMatch(/2 to create/);
      expect(text).not.toMatch(/warning/i);
    } finally {
      project.dispose();
    }
  });

  it("holds no source maps, nor files that point at one, and no stamp of the build", () => {
    using installed = installPacked("0.1.0");
    const own = join(installed.nodeModules, "pulumi-nullspace");
    const files = readdirSync(own, { recursive: true, encoding: "utf8" });
    expect(files.length).toBeGreaterThan(500);
    expect(files.filter((path) => path.endsWith(".map") || path.includes(".built-from"))).toEqual([]);
    const scripts = files.filter((path) => path.endsWith(".js"));
    expect(scripts.filter((path) => /^\/\/# sourceMappingURL=/m.test(readFileSync(join(own, path), "utf8")))).toEqual(
      [],
    );
  });
});
