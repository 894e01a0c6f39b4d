import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { whatToTypeNext } from "../../../scripts/quickstart/what-next.ts";

describe("what a kept quickstart tells to type next", () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "what next's "))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("carries a new shell to the program, the service, the selected stack and the same commands", () => {
    const tools = join(folder, "tools");
    const program = join(folder, "program");
    mkdirSync(tools);
    mkdirSync(program);
    writeFileSync(
      join(tools, "pulumi"),
      '#!/bin/sh\necho "pulumi $* in $PWD of $PULUMI_HOME on $PULUMI_BACKEND_URL"\n',
    );
    chmodSync(join(tools, "pulumi"), 0o755);
    const text = whatToTypeNext({
      env: {
        PATH: `/nowhere:${tools}:/usr/bin:/bin`,
        PULUMI_HOME: join(folder, "home"),
        PULUMI_BACKEND_URL: `file://${folder}`,
        SECRET_OF_THE_SHELL: "stays",
      },
      service: { pid: 42, env: { NULLSPACE_API_URL: "http://127.0.0.1:3000", NULLSPACE_API_KEY: "ns_local_x" } },
      program,
      home: folder,
    });
    const [, goOn = "", takeDown = ""] = /here:\n(.*)\nTo take it down:\n(.*)/s.exec(text) ?? [];
    const shell = (script: string) =>
      execFileSync("sh", ["-euc", script], { env: { PATH: "/usr/bin:/bin" }, encoding: "utf8" });

    expect(shell(`${goOn}\necho "$NULLSPACE_API_URL $NULLSPACE_API_KEY"`)).toBe(
      [
        `pulumi preview --diff in ${program} of ${join(folder, "home")} on file://${folder}`,
        `pulumi up in ${program} of ${join(folder, "home")} on file://${folder}`,
        "http://127.0.0.1:3000 ns_local_x",
        "",
      ].join("\n"),
    );
    expect(takeDown).toContain("kill 42");
    expect(text).not.toContain("SECRET_OF_THE_SHELL");
  });
});
