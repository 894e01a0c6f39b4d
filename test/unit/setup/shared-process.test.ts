import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { readTail, startDetached } from "../../../scripts/setup/dockerd.mjs";
import { identify, isRunning } from "../../../scripts/setup/process-identity.mjs";
import { liveUsers, stopShared, useShared } from "../../../scripts/setup/shared-process.mjs";
import { temporaryFolder } from "./support/temporary-folder.ts";

const started: ReturnType<typeof identify>[] = [];

afterEach(() => {
  for (const identity of started.splice(0)) if (isRunning(identity)) process.kill(identity.pid, "SIGKILL");
});

/** A real process in the background that "answers" once it has written its file. */
function sharedProcess(program: string, options: { startTimeoutMs?: number; stopTimeoutMs?: number } = {}) {
  const folder = temporaryFolder();
  const answer = join(folder, "answer");
  const cleaned: string[] = [];
  const process = {
    name: "sleeper",
    folder,
    startTimeoutMs: options.startTimeoutMs ?? 10_000,
    stopTimeoutMs: options.stopTimeoutMs ?? 10_000,
    isAnswering: async () => existsSync(answer) && isRunning(JSON.parse(readFileSync(answer, "utf8"))),
    start: async () => {
      const pid = await startDetached("/bin/sh", ["-c", program], {
        logFile: join(folder, "log"),
        env: { PATH: "/usr/bin:/bin" },
      });
      started.push(identify(pid));
      writeFileSync(answer, JSON.stringify(identify(pid)));
      return pid;
    },
    tail: () => readTail(join(folder, "log")),
    cleanUp: async () => void cleaned.push("cleaned"),
  };
  return { process, folder, cleaned };
}

const SLEEPER = "exec sleep 600";

describe("a shared background process", () => {
  test("is started by the first user, shared with the second and stopped by the last", async () => {
    const { process, cleaned } = sharedProcess(SLEEPER);
    const first = await useShared(process);
    const second = await useShared(process);
    expect([first.wasStarted, second.wasStarted]).toEqual([true, false]);
    // Both uses are of this test's process, so the first release ends the only lease.
    await first.release();
    expect(started.map(isRunning)).toEqual([false]);
    expect(cleaned).toEqual(["cleaned", "cleaned"]);
  });

  test("goes on while another run uses it", async () => {
    const { process, folder } = sharedProcess(SLEEPER);
    const use = await useShared(process);
    const other = await startDetached("/bin/sleep", ["600"], { logFile: join(folder, "other.log"), env: {} });
    started.push(identify(other));
    writeFileSync(join(folder, "users", `${other}.json`), JSON.stringify(identify(other)));
    await use.release();
    expect(isRunning(started[0])).toBe(true);
    expect(await stopShared(process)).toBe("in use");
    expect(liveUsers(process)).toEqual([other]);
  });

  test("does not go on for a user that was killed", async () => {
    const { process, folder } = sharedProcess(SLEEPER);
    const use = await useShared(process);
    writeFileSync(join(folder, "users", "1.json"), JSON.stringify({ pid: 1, startedAt: "an earlier boot:1" }));
    await use.release();
    expect(isRunning(started[0])).toBe(false);
  });

  test("that was kept goes on until it is stopped", async () => {
    const { process } = sharedProcess(SLEEPER);
    await (await useShared(process)).release({ keep: true });
    await (await useShared(process)).release();
    expect(isRunning(started[0])).toBe(true);
    expect(await stopShared(process)).toBe("stopped");
    expect(isRunning(started[0])).toBe(false);
    expect(await stopShared(process)).toBe("was not running");
  });

  test("that was killed is started again", async () => {
    const { process } = sharedProcess(SLEEPER);
    await (await useShared(process)).release({ keep: true });
    globalThis.process.kill(started[0]!.pid, "SIGKILL");
    await expect.poll(() => isRunning(started[0])).toBe(false);
    const use = await useShared(process);
    expect(use.wasStarted).toBe(true);
    await use.release();
  });

  test("whose number now belongs to another process is started again, and that other one is left alone", async () => {
    const { process, folder } = sharedProcess(SLEEPER);
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, "process.json"),
      JSON.stringify({ pid: globalThis.process.pid, startedAt: "another boot:1" }),
    );
    const use = await useShared(process);
    expect(use.wasStarted).toBe(true);
    await use.release();
  });

  test("that ignores the request to end is killed", async () => {
    const { process } = sharedProcess("trap '' TERM; while :; do sleep 0.1; done", { stopTimeoutMs: 300 });
    await (await useShared(process)).release();
    expect(isRunning(started[0])).toBe(false);
  });

  test("that ends instead of answering fails with the end of its log, and leaves nothing", async () => {
    const { process, folder } = sharedProcess("echo 'no cgroups here'; exit 1");
    process.isAnswering = async () => false;
    await expect(useShared(process)).rejects.toMatchObject({
      code: "PROCESS_NOT_UP",
      message: expect.stringMatching(/^sleeper was started but did not answer within 10 s\..*\nno cgroups here$/s),
    });
    expect(existsSync(join(folder, "process.json"))).toBe(false);
  });

  test("that never answers is ended", async () => {
    const { process } = sharedProcess(SLEEPER, { startTimeoutMs: 200 });
    process.isAnswering = async () => false;
    await expect(useShared(process)).rejects.toMatchObject({ code: "PROCESS_NOT_UP" });
    expect(started.map(isRunning)).toEqual([false]);
  });
});
