#!/usr/bin/env node
/**
 * Runs a program of this repository on Node 24, whatever Node it is started with: found or fetched as set-up does.
 *
 *   node scripts/node24.mjs [options of Node] <file> [arguments]
 *
 * The exit code is the program's.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, setUp } from "./setup.mjs";
import { nodeRuntime } from "./setup/node-runtime.mjs";

try {
  const { env } = await setUp({ steps: [nodeRuntime], log: () => {} });
  // A terminal's Ctrl-C reaches the program by itself.
  for (const name of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(name, () => {});
  const child = spawn("node", process.argv.slice(2), { env, stdio: "inherit" });
  const [code] = await once(child, "exit");
  process.exitCode = typeof code === "number" ? code : 1;
} catch (error) {
  console.error(`[set-up] failed: ${describe(error)}`);
  process.exitCode = 1;
}
