import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { identify, isRunning, type ProcessIdentity } from "../../../scripts/setup/process-identity.mjs";
import { ended, firstLine } from "./support/child-process.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const STARTER = join(import.meta.dirname, "local-service", "starter.ts");
const soon = { timeout: 30_000 };

describe("a service that is started for a quickstart or a test", () => {
  let note: string;
  let starter: ChildProcess;
  let service: ProcessIdentity;

  beforeEach(() => {
    note = join(temporaryFolder(), "note");
  });

  afterEach(() => {
    starter.kill("SIGKILL");
    if (isRunning(service)) process.kill(service.pid, "SIGKILL");
  });

  async function start(...args: string[]): Promise<void> {
    starter = spawn(process.execPath, ["--conditions=nullspace-source", STARTER, `${note}.folder`, ...args], {
      env: { ...process.env, NOTE: note },
      stdio: ["ignore", "pipe", "inherit"],
    });
    service = identify(Number(await firstLine(starter)));
    expect(isRunning(service)).toBe(true);
  }

  test.each(["SIGKILL", "SIGTERM", "SIGINT"] as const)("ends with whoever started it, by %s", async (signal) => {
    await start();
    starter.kill(signal);
    await expect.poll(() => isRunning(service), soon).toBe(false);
    expect(existsSync(note)).toBe(false);
  });

  test("stays when it is left behind", async () => {
    await start("detach");
    await ended(starter);
    await expect.poll(() => existsSync(note), soon).toBe(true);
    expect(isRunning(service)).toBe(true);
  });
});
