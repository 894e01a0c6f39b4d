import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { OperationContext } from "../../../provider/core/operation-context.ts";
import { DeclaredInputs } from "../../../provider/core/ownership/declared-inputs.ts";
import { checkTemplate } from "../../../provider/core/template/check.ts";

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "nullspace-links-"));
  mkdirSync(join(cwd, "app"));
  writeFileSync(join(cwd, "app", "Dockerfile"), "FROM scratch\n");
  for (const name of ["a", "b"]) symlinkSync("../outside", join(cwd, "app", name));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

it("links and special files that are left out are named once in a run", async () => {
  const said: string[] = [];
  const context: OperationContext = {
    urn: "",
    mark: "",
    declared: new DeclaredInputs(),
    secretInputs: [],
    shell: { imports: true, customTimeouts: true, resourceToken: (type) => type },
    preview: true,
    signal: new AbortController().signal,
    log: (severity, message) => void said.push(`${severity}: ${message}`),
    config: {},
    cwd,
  };
  const news = { name: "web", context: "./app", symlinks: "skip" };
  for (let run = 0; run < 2; run++) expect((await checkTemplate({ news }, context)).failures).toEqual([]);
  expect(said).toEqual(["warning: symbolic links in the context are left out: a, b"]);
  // Of its own kind; a socket's path would be too long for some temporary folders.
  execFileSync("mkfifo", [join(cwd, "app", "pipe")]);
  for (let run = 0; run < 2; run++) expect((await checkTemplate({ news }, context)).failures).toEqual([]);
  expect(said.slice(1)).toEqual([
    "warning: sockets, named pipes and devices in the context are left out: pipe (a named pipe (FIFO))",
  ]);
  const [failure] = (await checkTemplate({ news: { ...news, symlinks: "copy" } }, context)).failures;
  expect(failure).toMatchObject({ property: "symlinks" });
});
