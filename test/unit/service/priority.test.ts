import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { constants, getPriority, setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const COMMAND = fileURLToPath(new URL("../../../service/bin/nullspace-local.ts", import.meta.url));

/** Niceness of a service, once it serves. @param niceness that it is started with */
async function nicenessOf(niceness: number): Promise<number> {
  const data = mkdtempSync(join(tmpdir(), "nullspace-nice-"));
  const args = ["serve", "--port", "0", "--data", data, "--docker-host", `unix://${data}/none.sock`];
  const before = getPriority();
  if (niceness !== before) setPriority(niceness);
  const child = spawn(process.execPath, ["--conditions=nullspace-source", COMMAND, ...args], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  if (niceness !== before) setPriority(before);
  try {
    for await (const _ of createInterface({ input: child.stdout })) break;
    return getPriority(child.pid);
  } finally {
    child.kill();
    await once(child, "exit");
    rmSync(data, { recursive: true });
  }
}

it("a service that may do so comes before the containers that it starts", async () => {
  expect(await nicenessOf(constants.priority.PRIORITY_NORMAL)).toBe(process.getuid?.() === 0 ? -10 : 0);
});

// Nobody else could give this process its own niceness back.
it.runIf(process.getuid?.() === 0)("a niceness that was chosen stays", async () => {
  expect(await nicenessOf(5)).toBe(5);
});
