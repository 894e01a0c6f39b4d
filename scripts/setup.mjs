#!/usr/bin/env node
/**
 * Everything that `npm run quickstart` and `npm test` need on a machine, found or made. Runs on any Node >= 20, uses
 * nothing but Node, and may be run any number of times.
 *
 *   node scripts/setup.mjs                  what the quickstart needs; stops again what it started to try it
 *   node scripts/setup.mjs --profile test   and what the tests need
 *   node scripts/setup.mjs --profile modern and a Docker Engine of today, for the tests of the project `modern`
 *   node scripts/setup.mjs --profile sdks        what SDKs of other languages are made with
 *   node scripts/setup.mjs --profile languages   and what they are tried with
 *   node scripts/setup.mjs --profile scale       and a Kubernetes, for the tests of the project `scale`
 *   node scripts/setup.mjs --keep           leaves the private engine and registry running
 *   node scripts/setup.mjs --stop           stops them
 *   node scripts/setup.mjs --check          only reports; exit code 1 when something is missing
 */
import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { privateEngine } from "./setup/dockerd.mjs";
import { SetupError } from "./setup/errors.mjs";
import { modernDockerd } from "./setup/modern-engine.mjs";
import { readPlatform, withUsualFolders } from "./setup/platform.mjs";
import { loopbackRegistry } from "./setup/registry.mjs";
import { stopShared } from "./setup/shared-process.mjs";
import { STEPS } from "./setup/steps.mjs";
import { toolCache } from "./setup/tool-cache.mjs";

/** @type {readonly import("./setup/step.mjs").Profile[]} */
const PROFILES = ["quickstart", "test", "modern", "sdks", "languages", "scale"];

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Runs the steps of set-up.
 *
 * @param {object} [options]
 * @param {import("./setup/step.mjs").Profile} [options.profile] default `quickstart`
 * @param {boolean} [options.check] only look, and go on to the next step where something is missing; default false
 * @param {NodeJS.ProcessEnv} [options.env] default: the environment of this process
 * @param {string} [options.root] folder of the clone; default: this one
 * @param {(line: string) => void} [options.log] default: standard output
 * @param {AbortSignal} [options.signal] ends it; what was started is stopped
 * @param {readonly import("./setup/step.mjs").Step[]} [options.steps] default: all
 * @returns {Promise<{
 *   env: NodeJS.ProcessEnv,
 *   missing: SetupError[],
 *   stop: (options?: { keep?: boolean }) => Promise<void>
 * }>} `env`: the whole environment for what runs on this set-up; `missing`: what `check` did not find; `stop`: stops what
 *   was started here and nobody else uses; with `keep` it stays until `--stop`
 * @throws {SetupError} when a step cannot be done; what the steps before it have started is stopped
 */
export async function setUp({
  profile = "quickstart",
  check = false,
  env: outerEnv = process.env,
  root = ROOT,
  log = console.log,
  signal,
  steps = STEPS,
} = {}) {
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...outerEnv, PATH: withUsualFolders(outerEnv["PATH"]) };
  const platform = readPlatform({ env });
  const cache = toolCache(env);
  /** @type {SetupError[]} */
  const missing = [];
  /** @type {import("./setup/step.mjs").Release[]} */
  const releases = [];
  const stop = async ({ keep = false } = {}) => {
    // The last started first: the registry goes before the engine that uses it.
    while (releases.length > 0) await releases.pop()?.({ keep });
  };

  const wanted = steps.filter(({ profiles }) => profiles.includes(profile));
  const stopping = new AbortController();
  const anySignal = signal === undefined ? stopping.signal : AbortSignal.any([signal, stopping.signal]);

  /**
   * @param {import("./setup/step.mjs").Step} step
   * @param {NodeJS.ProcessEnv} env
   */
  const play = async (step, env) => {
    const startedMs = performance.now();
    const tell = (/** @type {string} */ text) => {
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      log(line(step.title, `${seconds} s`, text, env));
    };
    const note = (/** @type {string} */ text) => log(line(step.title, "...  ", text, env));
    try {
      const onStop = (/** @type {import("./setup/step.mjs").Release} */ release) => releases.push(release);
      const result = await step.run({ root, platform, cache, env, check, profile, note, onStop, signal: anySignal });
      tell(result.chose);
      return result;
    } catch (error) {
      if (!check || !(error instanceof SetupError)) throw error;
      missing.push(error);
      tell(`MISSING: ${describe(error)}`);
      return undefined;
    }
  };

  /** What runs or has ended, in its order. @type {Map<import("./setup/step.mjs").Step, Promise<import("./setup/step.mjs").StepResult | undefined>>} */
  const begun = new Map();
  try {
    if (!check) await announce(wanted, { cache, env, profile }, log);
    for (const step of wanted) {
      const before = check ? [...begun.keys()] : stepsBefore(step, [...begun.keys()]);
      const waiting = before.map((each) => begun.get(each));
      const running = (async () => {
        const results = [];
        for (const each of waiting) results.push(await each);
        anySignal.throwIfAborted();
        return play(step, environmentOf(env, results));
      })();
      // What runs beside it is of no use any more.
      running.catch((error) => stopping.abort(error));
      begun.set(step, running);
    }
    await Promise.all(begun.values());
  } catch (error) {
    stopping.abort(error);
    await Promise.allSettled(begun.values());
    await stop();
    // The first failure is the one to tell: the others are its echo.
    throw stopping.signal.reason;
  }
  const results = await Promise.all(begun.values());
  return { env: environmentOf(env, results), missing, stop };
}

/**
 * The steps that have to end before one begins: those that it needs, and what these need; all before it where it does not say.
 *
 * @param {import("./setup/step.mjs").Step} step
 * @param {readonly import("./setup/step.mjs").Step[]} begun
 * @returns {import("./setup/step.mjs").Step[]}
 */
function stepsBefore(step, begun) {
  if (step.needs === undefined) return [...begun];
  // One of another profile is not there to be waited for.
  const near = step.needs.filter((each) => begun.includes(each));
  const needed = new Set(near.flatMap((each) => [each, ...stepsBefore(each, begun.slice(0, begun.indexOf(each)))]));
  return begun.filter((each) => needed.has(each));
}

/**
 * @param {NodeJS.ProcessEnv} base
 * @param {readonly (import("./setup/step.mjs").StepResult | undefined)[]} results in the order of their steps
 * @returns {NodeJS.ProcessEnv}
 */
function environmentOf(base, results) {
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...base };
  for (const { env: variables, path = [] } of results.filter((each) => each !== undefined)) {
    Object.assign(env, variables, {
      PATH: [...path, env["PATH"] ?? ""].filter((folder) => folder !== "").join(delimiter),
    });
  }
  return env;
}

/**
 * Says what will take a minute or more, before anything is begun.
 *
 * @param {readonly import("./setup/step.mjs").Step[]} steps
 * @param {Parameters<NonNullable<import("./setup/step.mjs").Step["forecast"]>>[0]} context
 * @param {(line: string) => void} log
 */
async function announce(steps, context, log) {
  for (const step of steps) {
    const text = await step.forecast?.(context);
    if (text !== undefined) log(line(step.title, "soon ", text, context.env));
  }
}

/**
 * A line of what set-up prints. The user's home is `~`: shorter, and nobody else's business.
 *
 * @param {string} title
 * @param {string} time
 * @param {string} text
 * @param {NodeJS.ProcessEnv} env
 */
function line(title, time, text, env) {
  const home = env["HOME"] || homedir();
  const shown = home === "/" ? text : text.split(`${home}/`).join("~/");
  return `[set-up] ${title.padEnd(16)} ${time.padStart(7)}  ${shown}`;
}

/**
 * What went wrong and what to do by hand, as text for a person.
 *
 * @param {unknown} error
 */
export function describe(error) {
  if (!(error instanceof SetupError)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  return error.install === undefined ? error.message : `${error.message}\n         To do by hand: ${error.install}`;
}

/**
 * Stops the private engine and the registry, even those that were kept.
 *
 * @param {{ env?: NodeJS.ProcessEnv, log?: (line: string) => void }} [options]
 */
export async function stopAll({ env = process.env, log = console.log } = {}) {
  const context = {
    cache: toolCache(env),
    env: { ...env, PATH: withUsualFolders(env["PATH"]) },
    signal: undefined,
  };
  for (const shared of [
    loopbackRegistry(context).process,
    privateEngine(context).process,
    modernDockerd(context).process,
  ]) {
    log(`[set-up] ${shared.name}: ${await stopShared(shared)}`);
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      check: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      stop: { type: "boolean", default: false },
      profile: { type: "string", default: "quickstart" },
    },
  });
  const profile = PROFILES.find((name) => name === values.profile);
  if (profile === undefined)
    throw new SetupError("BAD_PROFILE", `--profile is ${PROFILES.join(", ")}, not ${values.profile}`);
  if (values.stop) return stopAll();
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"])
    process.once(name, () => controller.abort(new SetupError("STOPPED", `stopped by ${name}`)));
  const { missing, stop } = await setUp({ profile, check: values.check, signal: controller.signal });
  await stop({ keep: values.keep });
  if (missing.length === 0) return;
  console.log(`[set-up] ${missing.length} missing: ${missing.map(({ code }) => code).join(", ")}`);
  process.exitCode = 1;
}

// A module's own URL has no links in it; the path that it was started by may.
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  await main().catch((error) => {
    console.error(`[set-up] failed: ${describe(error)}`);
    process.exitCode = 1;
  });
}
