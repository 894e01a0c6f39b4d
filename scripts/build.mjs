/**
 * Compiles both packages, writes their declarations, and bundles what `pulumi` loads. What needs nothing of one another runs
 * side by side.
 *
 *   npm run build
 *   npm run build -- --unchecked   what programs run and compile against, as quickly as may be: no types are checked
 *   npm run build -- --checks      what that leaves out, once it has run
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

/** @param {Promise<void>[]} steps */
async function sideBySide(...steps) {
  await Promise.allSettled(steps);
  await Promise.all(steps);
}

async function javascript() {
  await node("scripts/transpile.mjs");
  await node("scripts/copy-assets.mjs");
  await node("scripts/bundle.mjs");
}

/** @param {readonly string[]} packages */
const declarations = (...packages) => node("scripts/node24.mjs", "scripts/declarations.ts", ...packages);

/** @param {readonly string[]} packages whose declarations are to be written, too */
async function checkedTypes(...packages) {
  // The service is checked against what this writes.
  await node(tsc, "-p", "tsconfig.build.json", "--emitDeclarationOnly");
  await sideBySide(node(tsc, "-p", "service/tsconfig.build.json", "--noEmit"), declarations(...packages));
}

try {
  if (process.argv.includes("--unchecked")) await sideBySide(javascript(), declarations("pulumi-nullspace"));
  else if (process.argv.includes("--checks")) await checkedTypes("nullspace-local");
  else await sideBySide(javascript(), checkedTypes("pulumi-nullspace", "nullspace-local"));
} catch (error) {
  // The compiler has said what is wrong.
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
