import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

/** The command as it is in sources. */
export const COMMAND = fileURLToPath(new URL("../../../service/bin/nullspace-local.ts", import.meta.url));

/**
 * Looks at the process of a service once it serves, and ends it.
 *
 * @param env variables that it is started with, beside this process's own
 * @param look is given the process id
 */
export async function lookAtService<T>(env: NodeJS.ProcessEnv, look: (pid: number) => T): Promise<T> {
  const data = mkdtempSync(join(tmpdir(), "nullspace-process-"));
  const args = ["serve", "--port", "0", "--data", data, "--docker-host", `unix://${data}/none.sock`];
  const child = spawn(process.execPath, ["--conditions=nullspace-source", COMMAND, ...args], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, ...env },
  });
  try {
    for await (const _ of createInterface({ input: child.stdout })) break;
    return look(child.pid!);
  } finally {
    child.kill();
    await once(child, "exit");
    expect(child.exitCode).toBe(0);
    rmSync(data, { recursive: true });
  }
}
