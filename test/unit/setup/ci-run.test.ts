import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { command } from "./support/child-process.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

/** .ci/run with an npm whose two commands end as told, as the real ones take minutes: arguments of bash, and its environment. */
function withNpm(quickstart: string, tests: string) {
  const folder = temporaryFolder();
  mkdirSync(join(folder, ".ci"));
  cpSync(join(import.meta.dirname, "../../../.ci/run"), join(folder, ".ci/run"));
  const script = `case "$*" in "run quickstart") ${quickstart};; test) ${tests};; *) echo "unknown: $*"; exit 9;; esac`;
  const env = { PATH: command(join(folder, "bin"), "npm", script), CI: "true" };
  return { args: [join(folder, ".ci/run")], env };
}

function ciRun(quickstart: string, tests: string) {
  const { args, env } = withNpm(quickstart, tests);
  const result = spawnSync("bash", args, { encoding: "utf8", env, timeout: 20_000 });
  return { last: result.stdout.trim().split("\n").at(-1), status: result.status };
}

const ok = "echo Done";

test.each([
  ["both pass", ok, "echo 12 passed, 0 failed", "13 passed, 0 failed", 0],
  ["tests were skipped", ok, "echo 12 passed, 0 failed, 1 skipped", "13 passed, 0 failed", 0],
  ["the quickstart fails", "exit 1", "echo 12 passed, 0 failed", "12 passed, 1 failed", 1],
  ["a test fails", ok, "echo 11 passed, 1 failed; exit 1", "12 passed, 1 failed", 1],
  ["set-up fails before any test", ok, "echo no docker >&2; exit 1", "1 passed, 1 failed", 1],
  ["the tests end badly after a green line", ok, "echo 12 passed, 0 failed; exit 1", "13 passed, 1 failed", 1],
  ["words follow the line", ok, "echo 11 passed, 1 failed; echo npm error >&2; exit 1", "12 passed, 1 failed", 1],
])("the last line counts everything when %s", (_, quickstart, tests, last, status) => {
  expect(ciRun(quickstart, tests)).toEqual({ last, status });
});

const untilTold = "trap 'echo cleaned up; exit 143' TERM; echo begun; while :; do sleep 0.05; done";

test.each([
  ["the quickstart", untilTold, "echo 12 passed, 0 failed", "0 passed, 1 failed"],
  ["the tests", ok, untilTold, "1 passed, 1 failed"],
])("a signal reaches %s, is waited for, and nothing else begins", async (_, quickstart, tests, last) => {
  const { args, env } = withNpm(quickstart, tests);
  const child = spawn("bash", args, { env, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (!output.includes("begun") && text.includes("begun")) child.kill("SIGTERM");
    output += text;
  });
  const [status] = (await once(child, "close")) as [number];
  expect(output).toContain("cleaned up");
  expect(output).not.toContain("12 passed");
  expect({ last: output.trim().split("\n").at(-1), status }).toEqual({ last, status: 1 });
});
