import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const COMMAND = fileURLToPath(new URL("../../../service/bin/nullspace-local.ts", import.meta.url));

/** The command line of a service once it serves, as the system has it. @param more variables that it is started with */
async function commandLine(more: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const data = mkdtempSync(join(tmpdir(), "nullspace-heap-"));
  const args = ["serve", "--port", "0", "--data", data, "--docker-host", `unix://${data}/none.sock`];
  const child = spawn(process.execPath, ["--conditions=nullspace-source", COMMAND, ...args], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, ...more },
  });
  try {
    for await (const _ of createInterface({ input: child.stdout })) break;
    return readFileSync(`/proc/${child.pid}/cmdline`, "utf8").split("\0").slice(1, -1);
  } finally {
    child.kill();
    await once(child, "exit");
    expect(child.exitCode).toBe(0);
    rmSync(data, { recursive: true });
  }
}

it.runIf(process.platform === "linux")(
  "a service takes little room for short-lived objects, as the same process",
  async () => {
    const [flag, conditions, command, ...rest] = await commandLine();
    expect([flag, conditions, command]).toEqual(["--max-semi-space-size=4", "--conditions=nullspace-source", COMMAND]);
    expect(rest.slice(0, 3)).toEqual(["serve", "--port", "0"]);
  },
);

it.runIf(process.platform === "linux")("room that was chosen stays", async () => {
  const line = await commandLine({ NODE_OPTIONS: "--max_semi_space_size=32" });
  expect(line[0]).toBe("--conditions=nullspace-source");
});
