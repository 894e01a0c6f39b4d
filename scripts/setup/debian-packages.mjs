import { describeFailure, runCommand } from "./command.mjs";
import { SetupError } from "./errors.mjs";

const INSTALL_TIMEOUT_MS = 10 * 60_000;
const UPDATE_TIMEOUT_MS = 3 * 60_000;

/**
 * Installs Debian packages that are not there yet. For root on Debian only.
 *
 * @param {readonly string[]} names
 * @param {Pick<import("./step.mjs").StepContext, "env" | "note" | "signal">} context
 * @returns {Promise<boolean>} whether anything had to be installed
 */
export async function ensurePackages(names, { env, note, signal }) {
  /** @type {string[]} */
  const absent = [];
  for (const name of names) {
    if (!(await isInstalled(name, env))) absent.push(name);
  }
  if (absent.length === 0) return false;
  note(`apt-get install ${absent.join(" ")}`);
  const options = { env: { ...env, DEBIAN_FRONTEND: "noninteractive" }, timeoutMs: INSTALL_TIMEOUT_MS, signal };
  // What is recommended beside them (documentation, restart tools, checkpointing) is of no use here. Another apt-get may
  // hold the lock of dpkg: wait for it.
  const args = ["-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"];
  const install = () => runCommand("apt-get", ["install", ...args, ...absent], options);
  let result = await install();
  if (result.code !== 0) {
    // Fresh images come without package lists, old ones with lists that name files which are no longer served.
    note("apt-get update, then once more");
    await runCommand("apt-get", ["update"], { ...options, timeoutMs: UPDATE_TIMEOUT_MS });
    result = await install();
  }
  if (result.code !== 0) {
    throw new SetupError("APT_FAILED", `apt-get install ${absent.join(" ")} failed: ${describeFailure(result)}`, {
      install: `as root: apt-get update && apt-get install ${absent.join(" ")}`,
    });
  }
  return true;
}

/**
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 */
async function isInstalled(name, env) {
  const query = await runCommand("dpkg-query", ["-W", "-f=${Status}", name], { env, timeoutMs: 30_000 });
  return query.code === 0 && query.stdout.trim() === "install ok installed";
}
