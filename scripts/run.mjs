#!/usr/bin/env node
/**
 * The front of `npm run quickstart`, `npm test`, `npm run sdks` and the benchmarks that need an engine: sets up what is
 * needed, compiles the packages where the sources have changed, runs the command on Node 24, and stops again what it has
 * started.
 *
 *   node scripts/run.mjs quickstart [--keep]
 *   node scripts/run.mjs test [arguments of vitest]
 *   node scripts/run.mjs bench <file of test/bench> [its arguments]
 *   node scripts/run.mjs sdks | translate
 *   node scripts/run.mjs cluster [--node] [--kwok NUMBER]
 *
 * The exit code is the command's; 130 after Ctrl-C, 143 after SIGTERM.
 */
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, setUp } from "./setup.mjs";
import { signalGroup } from "./setup/command.mjs";
import { SetupError } from "./setup/errors.mjs";
import { nodeRuntime } from "./setup/node-runtime.mjs";
import { npmDependencies } from "./setup/npm-dependencies.mjs";
import { buildPackages } from "./setup/package-build.mjs";
import { endSession } from "./setup/session.mjs";
import { STEPS } from "./setup/steps.mjs";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** A terminal's Ctrl-C reaches this process twice: from the terminal, and from npm, which passes it on. */
const SAME_KEYPRESS_MS = 500;

/** What a signal has reached may take so long to end by itself: a Pulumi CLI that cancels what it does, and ends its plugins. */
const PATIENCE_MS = 10_000;

/** @type {Record<string, number>} */
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/**
 * Both packages, compiled as far as programs run and compile against them.
 *
 * @type {import("./setup/step.mjs").Step}
 */
const packages = {
  title: "packages",
  profiles: ["quickstart", "test", "modern", "languages", "scale"],
  needs: [npmDependencies, nodeRuntime],
  run: async ({ root, env, signal }) => ({ chose: await buildPackages({ root, env, signal, checked: false }) }),
};

/** What each command runs, and what of the machine it needs. */
const SCRIPTS = {
  quickstart: "scripts/quickstart.ts",
  test: "scripts/test.mjs",
  sdks: "scripts/sdks.ts",
  translate: "scripts/translate.ts",
  cluster: "test/scale/cluster/start-by-hand.ts",
};

const [given, ...rest] = process.argv.slice(2);
if (!isCommand(given) || (given === "bench" && !rest[0])) {
  console.error(
    "usage: node scripts/run.mjs quickstart [--keep] | test [arguments of vitest] | bench <file of test/bench> | sdks | translate | cluster",
  );
  process.exit(2);
}
const command = given;

const stopping = new AbortController();
/** @type {import("node:child_process").ChildProcess | undefined} */
let child;
/** @type {NodeJS.Signals | undefined} */
let firstSignal;
let signalledAtMs = 0;
for (const name of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  process.on(name, () => {
    if (Date.now() - signalledAtMs < SAME_KEYPRESS_MS) return;
    signalledAtMs = Date.now();
    firstSignal ??= name;
    stopping.abort(new SetupError("STOPPED", `stopped by ${name}`));
    signalGroup(child?.pid, name);
  });
}

try {
  process.exitCode = await main(command, rest);
} catch (error) {
  // After a signal every error is the echo of it.
  console.error(`[set-up] ${firstSignal === undefined ? `failed: ${describe(error)}` : `stopped by ${firstSignal}`}`);
  process.exitCode = 1;
}
if (firstSignal !== undefined) process.exitCode = EXIT_CODES[firstSignal] ?? 1;

/** @typedef {keyof typeof SCRIPTS | "bench"} Command */

/**
 * @param {string | undefined} name
 * @returns {name is Command}
 */
function isCommand(name) {
  return name !== undefined && (name === "bench" || name in SCRIPTS);
}

/**
 * @param {Command} name
 * @param {string[]} args
 */
async function main(name, args) {
  // The tests count the build as one of their checks; SDKs are made from the schema alone.
  const steps = name === "quickstart" || name === "bench" ? [...STEPS, packages] : STEPS;
  const { env, stop } = await setUp({ profile: profileOf(name, args), steps, signal: stopping.signal });
  let keep = false;
  try {
    const node = ["--conditions=nullspace-source", ...program(name, args)];
    const code = await runToEnd("node", node, env);
    keep = name === "quickstart" && args.includes("--keep") && code === 0;
    return code;
  } finally {
    await stop({ keep });
    if (keep) console.log("\nAnd where set-up has started a private engine for it: node scripts/setup.mjs --stop");
  }
}

/**
 * @param {Command} name
 * @param {string[]} args
 * @returns {import("./setup/step.mjs").Profile}
 */
function profileOf(name, args) {
  if (name === "quickstart") return "quickstart";
  if (name === "sdks" || name === "translate") return "sdks";
  if (name === "cluster" || (name === "bench" && args[0] === "scale")) return "scale";
  // Tests of these projects need something else than the others do. A benchmark compares with what the tests compare with.
  const only = name === "test" ? /--project[= ](modern|languages|scale)(?: |$)/.exec(args.join(" "))?.[1] : undefined;
  return only === "modern" || only === "languages" || only === "scale" ? only : "test";
}

/**
 * @param {Command} name
 * @param {string[]} args
 */
function program(name, args) {
  if (name === "bench") return [join(ROOT, "test", "bench", `${args[0]}.ts`), ...args.slice(1)];
  return [join(ROOT, SCRIPTS[name]), ...args];
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} exit code
 */
async function runToEnd(program, args, env) {
  stopping.signal.throwIfAborted();
  // A process group of its own: each signal reaches it once, from here, and it has the time to clean up.
  child = spawn(program, args, { env, cwd: process.cwd(), detached: true, stdio: ["ignore", "inherit", "inherit"] });
  const running = child;
  try {
    return await new Promise((resolve, reject) => {
      running.once("error", reject);
      running.once("exit", (code) => resolve(code ?? 1));
    });
  } finally {
    // What it has left behind goes with it; a service that was meant to stay (--keep) has a session of its own.
    await endSession(running.pid, { patienceMs: firstSignal === undefined ? 0 : PATIENCE_MS });
    child = undefined;
  }
}
