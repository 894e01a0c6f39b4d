import { createHash } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { describeFailure, runCommand } from "./command.mjs";
import { ensurePackages } from "./debian-packages.mjs";
import { SetupError } from "./errors.mjs";
import { installHint } from "./install-hints.mjs";
import { withLock } from "./lock.mjs";
import { findCommands, isExecutableFile } from "./platform.mjs";
import { readJson, writeJson } from "./tool-cache.mjs";
import { isAtLeast } from "./version.mjs";

/** `Requires-Python` of nullspace-sdk. */
const OLDEST_PYTHON = [3, 11];

const INSTALL_TIMEOUT_MS = 5 * 60_000;

/**
 * A virtual environment of the cache with some packages from the index.
 *
 * @param {import("./step.mjs").StepContext} context
 * @param {readonly string[]} requirements with their versions; the first one names it in messages
 * @param {string} code what it is called when it is not there and set-up only looks
 * @returns {Promise<string>} its folder
 */
export async function pythonEnvironment(context, requirements, code) {
  const { cache, check, env, platform, signal } = context;
  // By what is in it: clones of different versions share the cache, and none takes away what another one runs.
  const digest = createHash("sha256").update(requirements.join(" ")).digest("hex");
  const home = join(cache.root, `python-${digest.slice(0, 12)}`);
  const python = join(home, "bin", "python");
  const isReady = () =>
    isExecutableFile(python) && readJson(join(home, "installed.json"))?.requirements === requirements.join(" ");
  if (isReady()) return home;
  const install = `${installHint("python", platform)}, and a package index that has ${requirements.join(", ")}`;
  if (check) {
    throw new SetupError(code, `${requirements[0]} is not installed; set-up does it with pip`, { install });
  }
  return withLock(join(cache.root, "locks", "python"), { timeoutMs: INSTALL_TIMEOUT_MS, signal }, async () => {
    if (isReady()) return home;
    rmSync(home, { recursive: true, force: true });
    mkdirSync(dirname(home), { recursive: true });
    await makeEnvironment(context, home, install);
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...requirements];
    const result = await runCommand(python, pip, { env, timeoutMs: INSTALL_TIMEOUT_MS, signal });
    if (result.code !== 0) {
      throw new SetupError("PIP_FAILED", `pip install ${requirements.join(" ")} failed: ${describeFailure(result)}`, {
        install,
      });
    }
    writeJson(join(home, "installed.json"), { requirements: requirements.join(" ") });
    return home;
  });
}

/**
 * @param {import("./step.mjs").StepContext} context
 * @param {string} home
 * @param {string} install
 */
async function makeEnvironment(context, home, install) {
  const { env, platform, signal } = context;
  let python = await findPython(env);
  // Debian's own Python comes without ensurepip, which venv needs.
  if (python === undefined && platform.canInstallPackages) {
    await ensurePackages(["python3", "python3-venv"], context);
    python = await findPython(env);
  }
  if (python === undefined) {
    throw new SetupError("NO_PYTHON", `no Python >= ${OLDEST_PYTHON.join(".")} with venv on PATH`, { install });
  }
  const result = await runCommand(python, ["-m", "venv", home], { env, timeoutMs: INSTALL_TIMEOUT_MS, signal });
  if (result.code !== 0)
    throw new SetupError("NO_VENV", `python -m venv failed: ${describeFailure(result)}`, { install });
}

/** @param {NodeJS.ProcessEnv} env */
async function findPython(env) {
  const program = "import ensurepip, venv, sys; print(*sys.version_info[:2])";
  for (const python of findCommands("python3", env)) {
    const result = await runCommand(python, ["-c", program], { env, timeoutMs: 30_000 });
    if (result.code === 0 && isAtLeast(result.stdout.trim().split(" ").map(Number), OLDEST_PYTHON)) return python;
  }
  return undefined;
}
