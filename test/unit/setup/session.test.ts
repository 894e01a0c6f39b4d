import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { identify, isRunning, type ProcessIdentity } from "../../../scripts/setup/process-identity.mjs";
import { endSession } from "../../../scripts/setup/session.mjs";
import { ended, firstLine } from "./support/child-process.ts";

describe("what is left of a session", () => {
  const started: ProcessIdentity[] = [];

  afterEach(() => {
    for (const each of started.splice(0)) if (isRunning(each)) process.kill(each.pid, "SIGKILL");
  });

  /** A leader that ends, and the process that it leaves behind, whose id it prints. */
  async function leave(script: string): Promise<{ leader: ChildProcess; left: ProcessIdentity }> {
    const leader = spawn("bash", ["-c", script], { detached: true, stdio: ["ignore", "pipe", "inherit"] });
    await once(leader, "spawn");
    const left = identify(Number(await firstLine(leader)));
    started.push(left);
    await ended(leader);
    return { leader, left };
  }

  test.each([
    ["in the group of its leader", "sleep 600 & echo $!"],
    ["in a group of its own, as a plugin of Pulumi", "set -m; sleep 600 & echo $!"],
    ["that no polite signal ends", "set -m; (trap '' TERM; echo $BASHPID; exec sleep 600) &"],
  ])("is ended %s", async (_, script) => {
    const { leader, left } = await leave(script);
    expect(isRunning(left)).toBe(true);
    await endSession(leader.pid, { killAfterMs: 300 });
    expect(isRunning(left)).toBe(false);
  });

  test("may end by itself first", async () => {
    const { leader, left } = await leave(
      "(trap 'sleep 0.2; exit 0' INT; echo $BASHPID; while :; do sleep 0.1; done) &",
    );
    process.kill(left.pid, "SIGINT");
    await endSession(leader.pid, { patienceMs: 3_600_000 });
    expect(isRunning(left)).toBe(false);
  });

  test("does not go when it is in a session of its own, or was never there", async () => {
    const { leader, left } = await leave("setsid sh -c 'echo $$; exec sleep 600' &");
    await endSession(leader.pid);
    expect(isRunning(left)).toBe(true);
    await endSession(undefined);
  });
});
