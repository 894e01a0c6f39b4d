/**
 * How long the plugin takes from its start to its port line, as the executable and as the file of the npm package, beside a Node
 * that does nothing, in turns.
 *
 *   npm run bench:plugin-start [-- rounds]
 *
 * Medians of the rounds (default 40), after one that does not count. Measure on an idle machine; on a busy one
 * the fastest rounds tell more.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inTurns, median } from "./measure.ts";

const ROUNDS = Number(process.argv[2] ?? 40);
/** Over an empty Node. */
const TARGET_MS = 150;

const root = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "nullspace-start-"));
try {
  const maker = join(root, "scripts", "plugin-binary.mjs");
  execFileSync(process.execPath, [maker, "--no-archive", "--out", folder], { stdio: ["ignore", "ignore", "inherit"] });
  const executable = join(folder, "pulumi-resource-nullspace");
  const bundled = join(root, "dist", "bundle", "pulumi-resource-nullspace.js");
  const times = await inTurns(
    {
      empty: () => untilEnd(process.execPath, ["-e", "0"]),
      executable: () => untilPort(executable, []),
      "npm package": () => untilPort(process.execPath, [bundled]),
    },
    ROUNDS,
  );
  const empty = median(times.empty!);
  console.log(`empty Node      ${empty.toFixed(0).padStart(5)} ms`);
  for (const name of ["executable", "npm package"]) {
    const ms = median(times[name]!);
    const fastest = Math.min(...times[name]!) - Math.min(...times.empty!);
    const over = `${(ms - empty).toFixed(0)} ms over it, ${(ms / empty).toFixed(1)} times as long`;
    console.log(
      `${name.padEnd(15)} ${ms.toFixed(0).padStart(5)} ms  ${over} (target: ${TARGET_MS}; of the fastest of each: ${fastest.toFixed(0)})`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function untilEnd(command: string, args: string[]): Promise<number> {
  const startedMs = performance.now();
  await once(spawn(command, args, { stdio: "ignore" }), "exit");
  return performance.now() - startedMs;
}

async function untilPort(command: string, args: string[]): Promise<number> {
  const startedMs = performance.now();
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  const tookMs = performance.now() - startedMs;
  child.kill("SIGKILL");
  await once(child, "exit");
  return tookMs;
}
