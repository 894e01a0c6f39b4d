import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServiceProcess } from "../../scripts/quickstart/local-service.ts";
import { Machine, Template } from "../../sdk/index.ts";
import { removeBuiltImages } from "../bench/measure.ts";
import { repo } from "./support/pulumi-project.ts";
import { baseImage } from "./support/service.ts";

const USES_TYPES = `import { startLocalService, type LocalService, type LocalServiceOptions } from "nullspace-local";
const options: LocalServiceOptions = { port: 0, dataDirectory: "other", logLevel: "silent" };
const service: LocalService = await startLocalService(options);
console.log(service.url);
await service.close();
`;

describe("nullspace-local, installed from its own archive into an empty folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "nullspace-installed-"));
  const run = (command: string, ...args: string[]) => execFileSync(command, args, { cwd: folder, encoding: "utf8" });
  beforeAll(() => {
    const archive = execFileSync(process.execPath, [join(repo, "scripts", "pack-service.mjs"), folder], {
      encoding: "utf8",
    }).trim();
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
    run("npm", "install", "--no-audit", "--no-fund", archive);
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("serves: a template is built and a machine of it started", async () => {
    const dataDir = join(folder, "data");
    const command = join(folder, "node_modules", ".bin", "nullspace-local");
    expect(run(command, "--version")).toMatch(/^\d+\.\d+\.\d+/);
    const { env, stop } = await startServiceProcess({
      node: [command],
      dataDir,
      logFile: join(folder, "service.log"),
      env: { ...process.env, NULLSPACE_LOCAL_BASE_IMAGE: baseImage() },
    });
    try {
      const options = { apiKey: env.NULLSPACE_API_KEY, baseUrl: env.NULLSPACE_API_URL };
      await Template.build(Template.fromImage(baseImage()).run("echo installed > /it"), "installed", options);
      const machine = await Machine.create({ template: "installed", vcpus: 1, memoryMib: 64 }, options);
      expect((await machine.run("cat", { args: ["/it"] })).stdout).toBe("installed\n");
      await machine.kill();
      // What its page loads is in the archive, too.
      const page = await (await fetch(`${env.NULLSPACE_API_URL}/`, { headers: { accept: "text/html" } })).text();
      const assets = [...page.matchAll(/(?:href|src)="(\/ui\/assets\/[^"]+)"/g)].map(([, path]) => path);
      expect(assets.map((path) => path?.replace(/.*\./, "")).sort()).toEqual(["css", "js"]);
      for (const path of assets) expect((await fetch(env.NULLSPACE_API_URL + path)).status).toBe(200);
    } finally {
      await stop();
      await removeBuiltImages(dataDir);
    }
  });

  it("carries the SDK alone, and types that compile without leniency", () => {
    expect(run("npm", "ls", "--all", "--omit=dev")).not.toContain("@pulumi/pulumi");
    writeFileSync(join(folder, "start.ts"), USES_TYPES);
    const strict = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2024", "--skipLibCheck", "false"];
    const types = join(repo, "node_modules", "@types");
    run(join(repo, "node_modules", ".bin", "tsc"), ...strict, "--typeRoots", types, "--types", "node", "start.ts");
    expect(run(process.execPath, "start.ts")).toMatch(/^http:\/\/127\.0\.0\.1:\d+\n$/);
  });
});
