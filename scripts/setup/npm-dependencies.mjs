import { createHash } from "node:crypto";
import { join } from "node:path";
import { describeFailure, runCommand } from "./command.mjs";
import { SetupError } from "./errors.mjs";
import { installHint } from "./install-hints.mjs";
import { withLock } from "./lock.mjs";
import { findCommand } from "./platform.mjs";
import { readJson } from "./tool-cache.mjs";

const INSTALL_TIMEOUT_MS = 10 * 60_000;

/** @type {import("./step.mjs").Step} */
export const npmDependencies = {
  title: "npm dependencies",
  profiles: ["quickstart", "test", "modern", "sdks", "languages", "scale"],
  needs: [],
  async run(context) {
    const { root, env, cache, check, signal, platform, profile } = context;
    // What only the tests and the docs need is more than half of all.
    const dev = profile !== "quickstart";
    if (isInstalled(root, dev)) return { chose: "node_modules is in step with package-lock.json" };
    if (check) {
      throw new SetupError("NO_DEPENDENCIES", "node_modules is not in step with package-lock.json", {
        install: dev ? "npm ci" : "npm ci --omit=dev",
      });
    }
    const npm = findCommand("npm", env);
    if (npm === undefined) {
      throw new SetupError("NO_NPM", "npm is not on PATH", { install: installHint("npm", platform) });
    }
    // Two runs from one clone would empty node_modules under each other.
    const lock = join(cache.root, "locks", `npm-${createHash("sha256").update(root).digest("hex").slice(0, 8)}`);
    return withLock(lock, { timeoutMs: INSTALL_TIMEOUT_MS, signal }, async () => {
      if (isInstalled(root, dev)) return { chose: "another run has just installed them" };
      // No dependency needs its install script, so none gets to run.
      const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
      if (!dev) args.push("--omit=dev");
      const result = await runCommand(npm, args, { cwd: root, env, timeoutMs: INSTALL_TIMEOUT_MS, signal });
      if (result.code !== 0) {
        throw new SetupError("NPM_CI_FAILED", `npm ci failed: ${describeFailure(result)}`, {
          install: `in ${root}: npm ci (it needs the npm registry, see npm config get registry)`,
        });
      }
      return { chose: "installed with npm ci" };
    });
  },
};

/**
 * @param {string} root
 * @param {boolean} dev with the packages for development
 */
function isInstalled(root, dev) {
  const wanted = readJson(join(root, "package-lock.json"));
  // npm writes it as the last act of an install: what is in it is complete.
  const found = readJson(join(root, "node_modules", ".package-lock.json"));
  return wanted !== undefined && found !== undefined && isInStep(wanted, found, { dev });
}

/**
 * Whether every package that the lock file wants is there in the version that it wants. Optional packages may be absent:
 * most of them are for other platforms.
 *
 * @param {{ packages?: Record<string, LockedPackage> }} wanted package-lock.json
 * @param {{ packages?: Record<string, LockedPackage> }} found node_modules/.package-lock.json
 * @param {{ dev?: boolean }} [options] whether the packages for development have to be there; default true
 *
 * @typedef {{ version?: string, integrity?: string, link?: boolean, resolved?: string, dev?: boolean, optional?: boolean, devOptional?: boolean }} LockedPackage
 */
export function isInStep(wanted, found, { dev = true } = {}) {
  return Object.entries(wanted.packages ?? {}).every(([path, want]) => {
    // Other keys are the root and its workspaces: sources, not installed packages.
    if (!path.startsWith("node_modules/")) return true;
    const have = found.packages?.[path];
    if (have === undefined) return want.optional === true || want.devOptional === true || (!dev && want.dev === true);
    if (want.link) return have.link === true && have.resolved === want.resolved;
    return have.version === want.version && have.integrity === want.integrity;
  });
}
