import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describeFailure, runCommand } from "./command.mjs";
import { SetupError } from "./errors.mjs";
import { withLock } from "./lock.mjs";
import { findCommand } from "./platform.mjs";
import { isRunning } from "./process-identity.mjs";
import { readJson } from "./tool-cache.mjs";
import { isAtLeast } from "./version.mjs";

/**
 * A command that is built from a wrapper module in toolchain/, which pins every dependency and repeats the replacements
 * of the command's own go.mod: Go reads them in a main module only.
 *
 * @typedef {object} GoCommand
 * @property {string} name of the program
 * @property {string} [module] its folder in toolchain/; default `name`
 * @property {string} package
 * @property {string} [ldflags]
 * @property {readonly ModuleFile[]} [files] what it needs beside it
 */

/**
 * A file of a Go module that a command finds in its own folder when it runs, or that belongs beside it: its license.
 *
 * @typedef {object} ModuleFile
 * @property {string} module e.g. `github.com/pulumi/pulumi/sdk/v3`
 * @property {string} path in the module
 */

/** The `go` line of the Pulumi CLI's go.mod. */
const OLDEST_GO = [1, 25, 11];

/** The first Go that can fetch a newer one by itself (GOTOOLCHAIN). */
const FIRST_GO_WITH_TOOLCHAINS = [1, 21, 0];

/** About six minutes on two idle processors for the largest; more on a busy machine. */
export const BUILD_TIMEOUT_MS = 35 * 60_000;

const TELL_EVERY_MS = 60_000;

/** Names the process that builds with the caches beside it. */
const LOCK = "lock";

const FORSAKEN_AFTER_MS = 7 * 24 * 60 * 60_000;

/**
 * Builds commands with the Go on the machine into one folder of the cache, which is there whole or not at all.
 *
 * @param {import("./step.mjs").StepContext} context
 * @param {{ go: { path: string, moduleCache: string }, commands: readonly GoCommand[], folder: string, code: string, install: string }} options
 *   `code` and `install`: what a failure is called, and what to install by hand then
 */
export async function buildGoCommands(context, { go, commands, folder, code, install }) {
  const { cache, signal } = context;
  mkdirSync(dirname(folder), { recursive: true });
  // Go's own caches of this build take 2 GB each and are of no use after it. No other build has them, so that they can go
  // at its end. They are kept when it is cut short: the next run goes on from there.
  const work = join(cache.root, "go", relative(cache.root, folder).replaceAll(sep, "-"));
  await withLock(join(work, LOCK), { timeoutMs: BUILD_TIMEOUT_MS, signal }, async () => {
    await buildWith(work, context, { go, commands, folder, code, install });
    rmSync(work, { recursive: true, force: true });
    removeForsaken(dirname(work));
  });
}

/**
 * Removes the caches of builds that were cut short and not taken up again.
 *
 * @param {string} folder of all builds
 */
function removeForsaken(folder) {
  for (const name of readdirSync(folder)) {
    const work = join(folder, name);
    const facts = statSync(work, { throwIfNoEntry: false });
    if (facts === undefined || Date.now() - facts.mtimeMs < FORSAKEN_AFTER_MS) continue;
    if (!isRunning(readJson(join(work, LOCK)))) rmSync(work, { recursive: true, force: true });
  }
}

/**
 * @param {string} work folder of Go's own caches
 * @param {import("./step.mjs").StepContext} context
 * @param {Parameters<typeof buildGoCommands>[1]} options
 */
async function buildWith(work, { env, note, signal }, { go, commands, folder, code, install }) {
  /** @type {NodeJS.ProcessEnv} */
  const buildEnv = { ...goEnv(env), GOCACHE: join(work, "build") };
  // Somebody who uses Go has the modules, or wants them, in the usual place.
  if (!existsSync(go.moduleCache)) buildEnv["GOMODCACHE"] = join(work, "modules");
  const draft = mkdtempSync(`${folder}.draft-`);
  const startedMs = Date.now();
  const telling = setInterval(
    () => note(`still building, ${Math.round((Date.now() - startedMs) / 60_000)} min`),
    TELL_EVERY_MS,
  );
  try {
    for (const command of commands) {
      // -mod=mod works on a copy: on another platform Go may add the modules that only this platform needs.
      const module = join(draft, "module");
      cpSync(fileURLToPath(new URL(`./toolchain/${command.module ?? command.name}`, import.meta.url)), module, {
        recursive: true,
      });
      const build = [
        "build",
        "-mod=mod",
        "-modcacherw",
        "-trimpath",
        `-ldflags=-s -w ${command.ldflags ?? ""}`,
        "-o",
        join(draft, command.name),
        command.package,
      ];
      const nice = findCommand("nice", env);
      const [program, args] = nice === undefined ? [go.path, build] : [nice, ["-n", "10", go.path, ...build]];
      const result = await runCommand(program, args, {
        cwd: module,
        env: buildEnv,
        timeoutMs: BUILD_TIMEOUT_MS,
        signal,
      });
      if (result.code !== 0) {
        throw new SetupError(code, `go build of ${command.package} failed: ${describeFailure(result)}`, { install });
      }
      for (const file of command.files ?? []) {
        const list = ["list", "-mod=mod", "-m", "-f", "{{.Dir}}", file.module];
        const found = await runCommand(go.path, list, { cwd: module, env: buildEnv, timeoutMs: 60_000, signal });
        if (found.code !== 0)
          throw new SetupError(code, `go list of ${file.module} failed: ${describeFailure(found)}`, { install });
        const copy = join(draft, basename(file.path));
        cpSync(join(found.stdout.trim(), file.path), copy);
        chmodSync(copy, 0o755); // What Go has unpacked is for reading only.
      }
      rmSync(module, { recursive: true });
    }
    rmSync(folder, { recursive: true, force: true });
    chmodSync(draft, 0o755); // A temporary folder is its owner's alone; a program of the cache is anybody's to run.
    renameSync(draft, folder);
  } finally {
    clearInterval(telling);
    rmSync(draft, { recursive: true, force: true });
  }
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ isUsable: true, path: string, version: string, moduleCache: string } | { isUsable: false, reason: string }>}
 */
export async function findGo(env) {
  const path = findCommand("go", env);
  if (path === undefined) return { isUsable: false, reason: "there is no Go on PATH" };
  const result = await runCommand(path, ["env", "GOVERSION", "GOTOOLCHAIN", "GOMODCACHE"], {
    env: goEnv(env),
    timeoutMs: 30_000,
  });
  const [version = "", toolchain = "", moduleCache = ""] = result.stdout.split("\n");
  if (!canBuild(version, toolchain)) {
    return { isUsable: false, reason: `Go at ${path} is "${version}", and ${OLDEST_GO.join(".")} or newer is needed` };
  }
  return { isUsable: true, path, version: version.replace(/^go/, ""), moduleCache };
}

/**
 * @param {string} version as `go env GOVERSION` prints it: `go1.26.8`, `go1.26rc1`, `devel go1.27-abc`
 * @param {string} toolchain as `go env GOTOOLCHAIN` prints it: `local` keeps Go from fetching a newer one
 */
export function canBuild(version, toolchain) {
  const match = /go(\d+)\.(\d+)(?:\.(\d+))?/.exec(version);
  if (match === null) return false;
  const numbers = match.slice(1).map((text) => Number(text ?? 0));
  return (
    isAtLeast(numbers, OLDEST_GO) || (toolchain.startsWith("auto") && isAtLeast(numbers, FIRST_GO_WITH_TOOLCHAINS))
  );
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
function goEnv(env) {
  // A workspace file above the cache would make the wrapper a stranger in it; neither command needs C.
  return { ...env, GOWORK: "off", CGO_ENABLED: "0" };
}

/**
 * Other sources or versions are another folder of the cache.
 *
 * @param {readonly string[]} modules folders in toolchain/
 * @returns {string} twelve hexadecimal digits of what is in them
 */
export function sourceDigest(modules) {
  const hash = createHash("sha256");
  for (const module of modules) {
    const folder = new URL(`./toolchain/${module}/`, import.meta.url);
    for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(new URL(name, folder)));
  }
  return hash.digest("hex").slice(0, 12);
}
