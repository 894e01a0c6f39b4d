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

/** What the contract tests drive and compare with. */
const REQUIREMENTS = [
  "nullspace-sdk==1.0.3",
  "docker==7.2.0",
  "pathspec==1.1.1",
  "openapi-spec-validator==0.9.0",
  "schemathesis==4.32.5",
  // What schemathesis draws from: another version draws other examples from the same seed.
  "hypothesis==6.170.15",
  // Its parser reads the service's figures.
  "prometheus-client==0.26.0",
];

/** `Requires-Python` of nullspace-sdk. */
const OLDEST_PYTHON = [3, 11];

const INSTALL_TIMEOUT_MS = 5 * 60_000;

/** @type {import("./step.mjs").Step} */
export const pythonClient = {
  title: "Python client",
  profiles: ["test"],
  async run(context) {
    const { cache, check, env, platform, signal } = context;
    // By what is in it: clones of different versions share the cache, and none takes away what another one runs.
    const digest = createHash("sha256").update(REQUIREMENTS.join(" ")).digest("hex");
    const home = join(cache.root, `python-${digest.slice(0, 12)}`);
    const python = join(home, "bin", "python");
    const chosen = { chose: `${REQUIREMENTS.join(", ")} in ${home}`, env: { NULLSPACE_PYTHON: python } };
    const isReady = () =>
      isExecutableFile(python) && readJson(join(home, "installed.json"))?.requirements === REQUIREMENTS.join(" ");
    if (isReady()) return chosen;
    const install = `${installHint("python", platform)}, and a package index that has ${REQUIREMENTS.join(", ")}`;
    if (check) {
      throw new SetupError("NO_PYTHON_CLIENT", `${REQUIREMENTS[0]} is not installed; set-up does it with pip`, {
        install,
      });
    }
    return withLock(join(cache.root, "locks", "python"), { timeoutMs: INSTALL_TIMEOUT_MS, signal }, async () => {
      if (isReady()) return chosen;
      rmSync(home, { recursive: true, force: true });
      mkdirSync(dirname(home), { recursive: true });
      const options = { env, timeoutMs: INSTALL_TIMEOUT_MS, signal };
      await makeEnvironment(context, home, install);
      const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...REQUIREMENTS];
      const result = await runCommand(python, pip, options);
      if (result.code !== 0) {
        throw new SetupError("PIP_FAILED", `pip install ${REQUIREMENTS.join(" ")} failed: ${describeFailure(result)}`, {
          install,
        });
      }
      writeJson(join(home, "installed.json"), { requirements: REQUIREMENTS.join(" ") });
      return chosen;
    });
  },
};

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
