/**
 * Every check of the project, then every test. Started by `npm test` through run.mjs, which sets up what they need.
 *
 *   npm test                        everything
 *   npm test -- --project unit      only what vitest is told: its arguments are passed on, the checks are left out
 *
 * Each check counts as one. The last line is `N passed, N failed`, with `, N skipped` where tests were skipped.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe } from "./setup.mjs";
import { buildPackages } from "./setup/package-build.mjs";
import { readJson } from "./setup/tool-cache.mjs";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** @type {{ title: string, run: () => Promise<boolean> }[]} */
const CHECKS = [
  { title: "lint and layout (npm run lint)", run: () => succeeds("npm", ["run", "--silent", "lint"]) },
  { title: "types (npm run typecheck)", run: () => succeeds("npm", ["run", "--silent", "typecheck"]) },
  { title: "layers (npm run layers)", run: () => succeeds("npm", ["run", "--silent", "layers"]) },
  {
    title: "schema.json is what the sources say",
    run: () => succeeds("node", ["--conditions=nullspace-source", "scripts/generate.ts", "--check"]),
  },
  { title: "build (npm run build)", run: build },
];

const vitestArguments = process.argv.slice(2);
// A signal goes to the whole process group: what runs now ends by itself, then this does, without starting the next.
let isStopped = false;
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => (isStopped = true));
/** @type {{ title: string, seconds: string, words: string }[]} */
const summary = [];
/** @type {Counts} */
const total = { passed: 0, failed: 0, skipped: 0 };
if (vitestArguments.length === 0) {
  for (const check of CHECKS) {
    await timed(check.title, async () =>
      (await check.run()) ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 },
    );
  }
} else if (!(await build())) {
  // The end-to-end tests run what was compiled.
  total.failed += 1;
}
const counts = await timed("tests (vitest)", () => test(vitestArguments));
const hasRun = counts.passed + counts.failed > 0;
if (!hasRun) console.log("No test has run.");

console.log("");
for (const { title, seconds, words } of summary) console.log(`${title.padEnd(40)} ${seconds.padStart(8)}  ${words}`);
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`);
process.exitCode = total.failed > 0 || !hasRun ? 1 : 0;

/**
 * @param {string} title
 * @param {() => Promise<Counts>} work
 */
async function timed(title, work) {
  console.log(`\n== ${title}`);
  const startedMs = performance.now();
  const counts = await work();
  const seconds = `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
  const words =
    counts.failed === 0 && counts.passed === 1 ? "passed" : `${counts.passed} passed, ${counts.failed} failed`;
  summary.push({ title, seconds, words });
  for (const key of /** @type {const} */ (["passed", "failed", "skipped"])) total[key] += counts[key];
  return counts;
}

async function build() {
  try {
    console.log(await buildPackages({ root: ROOT, env: process.env }));
    return true;
  } catch (error) {
    console.log(describe(error));
    return false;
  }
}

/**
 * @param {string[]} args
 * @returns {Promise<Counts>}
 */
async function test(args) {
  const folder = mkdtempSync(join(tmpdir(), "pulumi-nullspace-tests-"));
  try {
    const report = join(folder, "report.json");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
    const isGreen = await succeeds("node", [vitest, "run", ...reporters, ...args]);
    const result = readJson(report);
    const counts = {
      passed: Number(result?.numPassedTests ?? 0),
      failed: Number(result?.numFailedTests ?? 0),
      skipped: Number(result?.numPendingTests ?? 0) + Number(result?.numTodoTests ?? 0),
    };
    // A file that cannot be loaded, or an error outside a test, fails the run without failing a test.
    if (!isGreen && counts.failed === 0) counts.failed = 1;
    return counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Runs a command with this process's output.
 *
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<boolean>} whether it ended with exit code 0
 */
function succeeds(command, args) {
  if (isStopped) return Promise.resolve(false);
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", (error) => {
      console.log(`${command} did not start: ${error.message}`);
      resolve(false);
    });
    child.once("close", (code) => resolve(code === 0));
  });
}
