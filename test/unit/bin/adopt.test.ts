import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bareEnvironment } from "../../bare-environment.ts";

const root = join(import.meta.dirname, "..", "..", "..");

describe("pulumi-nullspace adopt", { timeout: 60_000 }, () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "nullspace-adopt-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function adopt(...args: string[]) {
    const command = ["--conditions=nullspace-source", join(root, "bin", "pulumi-nullspace.ts"), "adopt", ...args];
    const env = bareEnvironment({ HOME: folder });
    return spawnSync(process.execPath, command, { cwd: folder, env, encoding: "utf8" });
  }
  const errorOf = ({ stderr }: { stderr: string }) =>
    (JSON.parse(stderr.trim().split("\n").at(-1)!) as { error: { code: string; message: string } }).error;

  it("makes a program of a Dockerfile, asks no service, and overwrites nothing unless it is told to", () => {
    writeFileSync(join(folder, "Dockerfile"), "FROM debian\n");
    const first = adopt("--from", "Dockerfile", "--out", "infra", "--shell", "dynamic", "--json");
    expect(first.stderr).toBe("");
    expect(JSON.parse(first.stdout)).toMatchObject({ resources: [{ type: "Template" }], files: ["infra/index.ts"] });
    expect(readFileSync(join(folder, "infra", "index.ts"), "utf8")).toContain('from "pulumi-nullspace";');
    const second = adopt("--from", ".", "--out", "infra");
    expect(second.status).toBe(2);
    expect(errorOf(second)).toMatchObject({ code: "files_exist", message: expect.stringContaining("--force") });
    const third = adopt("--from", ".", "--out", "infra", "--force");
    expect(third.stdout).toMatch(/Written: infra\/index.ts\nNext: /);
    expect(readdirSync(join(folder, "infra"))).toEqual(["index.ts"]);
  });

  it("refuses what does not go together, and files that cannot be used", () => {
    expect(errorOf(adopt("web", "--from", "."))).toMatchObject({ code: "usage" });
    expect(errorOf(adopt("--shell", "other"))).toMatchObject({ code: "usage" });
    writeFileSync(join(folder, "e2b.toml"), "= 1");
    const wrong = adopt("--from", "e2b.toml");
    expect([wrong.status, errorOf(wrong).code]).toEqual([2, "invalid_source_file"]);
    expect(errorOf(adopt())).toMatchObject({ code: "missing_api_key" });
    expect(readdirSync(folder)).not.toContain("index.ts");
  });
});
