import { join } from "node:path";
import { describeFailure, runCommand } from "./command.mjs";
import { SetupError } from "./errors.mjs";
import { fetchNpmPackage, FETCH_TIMEOUT_MS } from "./fetch-npm-package.mjs";
import { installHint } from "./install-hints.mjs";

/**
 * A release of Node to fetch from the npm registry.
 *
 * @typedef {object} NodeRelease
 * @property {string} version
 * @property {Record<string, string>} integrity by architecture: digests of the npm packages that hold the official binaries, so
 *   that a registry in between can serve nothing else
 */

/**
 * Folder of the cache that a release is in, or will be.
 *
 * @param {import("./tool-cache.mjs").ToolCache} cache
 * @param {string} version
 */
export function nodeHome(cache, version) {
  return join(cache.root, "node", `v${version}`);
}

/**
 * Whether there is a package of the release for this machine.
 *
 * @param {NodeRelease} release
 * @param {import("./platform.mjs").Platform} platform
 */
export function canFetchNode({ integrity }, platform) {
  return integrity[platform.arch] !== undefined && (platform.kind === "debian" || platform.kind === "linux");
}

/**
 * Fetches a release into the cache, unless it is there. It is there whole or not at all.
 *
 * @param {NodeRelease} release
 * @param {Pick<import("./step.mjs").StepContext, "cache" | "env" | "signal" | "platform">} context
 * @returns {Promise<boolean>} whether it was fetched just now
 */
export async function fetchNode({ version, integrity: digests }, { cache, env, signal, platform }) {
  const home = nodeHome(cache, version);
  const name = `node-linux-${platform.arch}`;
  const integrity = digests[platform.arch] ?? "";
  const wanted = { name, version, integrity, program: "bin/node", tool: "node" };
  return fetchNpmPackage(wanted, home, { cache, env, signal, platform }, async (draft) => {
    const options = { cwd: draft, env, timeoutMs: FETCH_TIMEOUT_MS, signal };
    const trial = await runCommand(join(draft, "bin", "node"), ["--version"], options);
    if (trial.stdout.trim() === `v${version}`) return;
    const why = describeFailure(trial);
    throw new SetupError("NODE_DOES_NOT_RUN", `${name}@${version} does not run on this machine: ${why}`, {
      install: installHint("node", platform),
    });
  });
}
