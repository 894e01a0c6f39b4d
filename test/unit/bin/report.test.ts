import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..", "..", "..");
const golden = (name: string) => join(root, "test", "unit", "report", "golden", name);
const folder = mkdtempSync(join(tmpdir(), "nullspace-report-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function report(args: readonly string[], input: string | Buffer = "") {
  const command = ["--conditions=nullspace-source", join(root, "bin", "pulumi-nullspace.ts"), "report", ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { input, encoding: "utf8" });
  return { status, stdout, stderr };
}

describe("pulumi-nullspace report", { timeout: 60_000 }, () => {
  const file = golden("plugin-one-file.json");
  const comment = readFileSync(golden("plugin-one-file.md"), "utf8");

  it("prints the comment for a file and for standard input, whichever way a shell has written it", () => {
    expect(report([file])).toMatchObject({ status: 0, stdout: comment });
    const content = readFileSync(file, "utf8");
    expect(report([], content).stdout).toBe(comment);
    // As PowerShell does.
    expect(report(["-"], Buffer.from(`\uFEFF${content}`, "utf16le")).stdout).toBe(comment);
  });

  it("gives each stack its title, and a bot its own marker", () => {
    const { stdout } = report([
      file,
      golden("plugin-delete.json"),
      "--title",
      "dev",
      "--title",
      "live",
      "--marker",
      "x-1",
    ]);
    expect(stdout).toMatch(/^<!-- pulumi-nullspace report: x-1 -->\n/);
    expect([...stdout.matchAll(/^### (.*)$/gm)].map(([, title]) => title)).toEqual(["`dev`", "`live`"]);
  });

  it("prints data, or plain text", () => {
    expect(JSON.parse(report([file, "--format", "json"]).stdout)).toMatchObject({
      version: 1,
      stacks: [{ title: "e2e/dev" }],
    });
    expect(report([file, "--format", "text"]).stdout).toMatch(/^Nullspace preview\n=+\n/);
  });

  it("ends with 3 when there is what the caller wants to stop at, and prints the report all the same", () => {
    const both = ["--fail-on", "replace", "--fail-on", "rebuild"];
    expect(report([file, ...both])).toMatchObject({ status: 3, stdout: comment });
    expect(report([file, "--fail-on", "replace", "--fail-on", "delete"]).status).toBe(0);
  });

  it("ends with 2 and says what is wrong with the command line", () => {
    const problems = [
      [join(folder, "nothing")],
      [file, "--title", "a", "--title", "b"],
      ["-", "-"],
      [file, "--fail-on", "update"],
      [file, "--format", "html"],
      [file, "--marker", "a--b"],
    ];
    for (const args of problems) {
      const { status, stdout, stderr } = report(args);
      expect({ args, status, stdout }).toEqual({ args, status: 2, stdout: "" });
      expect(JSON.parse(stderr)).toHaveProperty("error.message");
    }
  });

  it("reports a preview that printed nothing as failed", () => {
    writeFileSync(join(folder, "empty"), "");
    expect(report([join(folder, "empty")])).toMatchObject({ status: 0, stdout: expect.stringContaining("failed") });
  });
});
