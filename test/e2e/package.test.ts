import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
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

  it("has a plugin that is found as the README says, without a warning, and from no other place", async () => {
    using installed = installPacked("0.1.0");
    const [, lines] = /```yaml\n(plugins:\n[\s\S]*?)```/.exec(readFileSync(join(repo, "README.md"), "utf8"))!;
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

  it("type-checks in a program with Pulumi's default tsconfig, from every entry point", () => {
    using installed = installPacked("0.1.0");
    const dir = mkdtempSync(join(tmpdir(), "nullspace-types-"));
    try {
      symlinkSync(installed.nodeModules, join(dir, "node_modules"));
      // What `pulumi new typescript` writes.
      const compilerOptions = {
        strict: true,
        outDir: "bin",
        target: "es2020",
        module: "commonjs",
        moduleResolution: "node",
        sourceMap: true,
        experimentalDecorators: true,
        pretty: false,
        noFallthroughCasesInSwitch: true,
        noImplicitReturns: true,
        forceConsistentCasingInFileNames: true,
      };
      writeFileSync(join(dir, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["index.ts", "more.ts"] }));
      writeFileSync(
        join(dir, "index.ts"),
        `import * as dynamic from "pulumi-nullspace";
import * as native from "pulumi-nullspace/native";
const args: dynamic.TemplateArgs = { name: "web", context: "./app", readiness: { kind: "tcp", port: 80 } };
export const first = new dynamic.Template("web", args).buildId;
export const second = new native.WarmPool("pool", { name: "p", template: "web", minReady: 1, maxReady: 2 }).poolId;
`,
      );
      writeFileSync(
        join(dir, "more.ts"),
        `export { NullspaceClient } from "pulumi-nullspace/sdk";
export { DockerEngine } from "pulumi-nullspace/docker";
export { readContext } from "pulumi-nullspace/context";
`,
      );
      const tsc = join(repo, "node_modules", "typescript", "bin", "tsc");
      const check = (file: string, more: string[] = []): string => {
        try {
          return execFileSync(process.execPath, [tsc, "--noEmit", "-p", file, ...more], { cwd: dir, encoding: "utf8" });
        } catch (error) {
          return String((error as { stdout?: unknown }).stdout);
        }
      };
      expect(check("tsconfig.json", ["--skipLibCheck"])).toBe("");
      // A misspelt input is refused before anything runs.
      writeFileSync(
        join(dir, "more.ts"),
        `import { Template } from "pulumi-nullspace";\nnew Template("web", { name: "web", startCommand: "true" });\n`,
      );
      expect(check("tsconfig.json", ["--skipLibCheck"])).toMatch(/more\.ts\(2,\d+\): error TS.*startCommand/);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
