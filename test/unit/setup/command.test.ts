import { expect, test } from "vitest";
import { describeFailure, runCommand } from "../../../scripts/setup/command.mjs";
import { isRunning } from "../../../scripts/setup/process-identity.mjs";

const sh = (script: string, options: { timeoutMs?: number; signal?: AbortSignal } = {}) =>
  runCommand("/bin/sh", ["-c", script], { env: { PATH: "/usr/bin:/bin" }, timeoutMs: 20_000, ...options });

test("a command gives its exit code and both outputs", async () => {
  expect(await sh("echo out; echo err >&2; exit 3")).toMatchObject({
    code: 3,
    stdout: "out\n",
    stderr: "err\n",
    timedOut: false,
  });
});

test("a command that is not there says so", async () => {
  const result = await runCommand("/nonexistent/tool", [], { timeoutMs: 1000 });
  expect(result.code).toBeNull();
  expect(describeFailure(result)).toContain("/nonexistent/tool");
});

test("a command that takes too long is ended with all that it has started", async () => {
  const result = await sh("sleep 600 & echo $!; echo stuck >&2; wait", { timeoutMs: 500 });
  expect(result.timedOut).toBe(true);
  expect(describeFailure(result)).toBe("took too long and was ended; its last words:\nstuck");
  await expect.poll(() => isRunning({ pid: Number(result.stdout), startedAt: null })).toBe(false);
});

test("a command ends when it is aborted", async () => {
  const controller = new AbortController();
  const result = sh("sleep 600", { signal: controller.signal });
  controller.abort(new Error("stopped by a test"));
  await expect(result).rejects.toThrow("stopped by a test");
});

test("only the end of a long output is kept", async () => {
  const { stdout } = await sh("head -c 2000000 /dev/zero | tr '\\0' a; echo; echo end");
  expect(stdout.length).toBe(256 * 1024);
  expect(stdout.endsWith("a\nend\n")).toBe(true);
});

test("a failure without words gives the exit code", async () => {
  expect(describeFailure(await sh("exit 7"))).toBe("exit code 7");
});
