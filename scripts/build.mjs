/**
 * Compiles both packages, writes their declarations, and bundles what `pulumi` loads. What needs nothing of one another runs
 * side by side.
 *
 *   npm run build
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tsc = "node_modules/typescript/bin/tsc";

/** @param {readonly string[]} args of Node */
async function node(...args) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: "inherit" });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`node ${args.join(" ")} ended with ${code}`);
}

try {
  // The service is compiled against what this writes.
  await node(tsc, "-p", "tsconfig.build.json");
  const both = [node(tsc, "-p", "service/tsconfig.build.json"), node("scripts/node24.mjs", "scripts/declarations.ts")];
  await Promise.allSettled(both);
  await Promise.all(both);
  await node("scripts/copy-assets.mjs");
  await node("scripts/bundle.mjs");
} catch (error) {
  // The compiler has said what is wrong.
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
