import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { describeFailure, runCommand } from "./command.mjs";
import { SetupError } from "./errors.mjs";
import { installHint } from "./install-hints.mjs";
import { withLock } from "./lock.mjs";
import { findCommand, isExecutableFile } from "./platform.mjs";

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
  const isThere = () => isExecutableFile(join(home, "bin", "node"));
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
    mkdirSync(dirname(home), { recursive: true });
    const draft = mkdtempSync(`${home}.draft-`);
    const options = { cwd: draft, env, timeoutMs: FETCH_TIMEOUT_MS, signal };
    try {
      const name = `node-linux-${platform.arch}@${version}`;
      const pack = await runCommand(npm, ["pack", name, "--silent"], options);
      const archive = readdirSync(draft).find((file) => file.endsWith(".tgz"));
      if (pack.code !== 0 || archive === undefined) {
        throw new SetupError("NODE_NOT_FETCHED", `npm pack ${name} failed: ${describeFailure(pack)}`, { install });
      }
      const digest = createHash("sha512")
        .update(readFileSync(join(draft, archive)))
        .digest("base64");
      if (`sha512-${digest}` !== digests[platform.arch]) {
        throw new SetupError(
          "NODE_NOT_GENUINE",
          `${name} from the npm registry is not the published package: its digest is sha512-${digest}, not ${digests[platform.arch]}`,
          { install },
        );
      }
      const unpack = await runCommand(tar, ["-xzf", archive, "--strip-components=1"], options);
      const trial = await runCommand(join(draft, "bin", "node"), ["--version"], options);
      if (unpack.code !== 0 || trial.stdout.trim() !== `v${version}`) {
        const why = describeFailure(unpack.code === 0 ? trial : unpack);
        throw new SetupError("NODE_DOES_NOT_RUN", `${name} does not run on this machine: ${why}`, { install });
      }
      rmSync(join(draft, archive));
      chmodSync(draft, 0o755); // A temporary folder is its owner's alone; a program of the cache is anybody's to run.
      renameSync(draft, home);
      return true;
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  });
}
