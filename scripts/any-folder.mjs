import { cpSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";

/**
 * A name with what people have in the names of their folders: letters outside ASCII, quotes, spaces, and signs that mean
 * something in a URL, in a pattern or to a shell. Left out is what the test runner itself does not bear (`#`, `?`,
 * `\`; its stack traces, `%20`) and what no folder on PATH can have (`:`): tests of single parts play those.
 */
const NAME = `José's "app" 日本 🎉 100% [a] (b) & $HOME; with spaces`;
/** Paths in such a folder are at least this long, in characters. */
const LENGTH = 200;
/** Longest name that is added to get there. */
const PADDING = 60;

/** What a clone has that is not copied: what Git keeps, what was installed, and what a run has left. */
const LEFT_OUT = new Set([".git", "node_modules", ".quickstart", "coverage", ".vitest", "release"]);

/**
 * @typedef {object} AnyFolder
 * @property {string} root a copy of the clone, without links to it, so that nothing finds its way back
 * @property {NodeJS.ProcessEnv} env the environment with home, XDG folders and temporary folder of such names as well
 * @property {() => void} remove
 */

/**
 * Copies a clone into a folder of the kind that breaks programs: for tests, which then prove that every path of ours works
 * there. Installed packages are linked one by one, but for our own, which are the copy's.
 *
 * @param {string} clone
 * @param {{ env: NodeJS.ProcessEnv, withCompiled: boolean }} options `withCompiled`: what was compiled is copied too; else it
 *   may be compiled meanwhile
 * @returns {AnyFolder}
 */
export function copyToAnyFolder(clone, { env, withCompiled }) {
  const base = mkdtempSync(join(tmpdir(), "pulumi-nullspace-"));
  const remove = () => rmSync(base, { recursive: true, force: true });
  try {
    let folder = join(base, NAME);
    for (let missing = LENGTH - folder.length; missing > 0; missing = LENGTH - folder.length) {
      folder = join(folder, "é".repeat(Math.min(missing, PADDING)));
    }
    const root = join(folder, "clone");
    const home = join(folder, "home");
    const temporary = join(folder, "tmp");
    mkdirSync(home, { recursive: true });
    mkdirSync(temporary);
    cpSync(clone, root, { recursive: true, filter: (path) => isCopied(relative(clone, path), withCompiled) });
    linkPackages(join(clone, "node_modules"), join(root, "node_modules"));
    return {
      root,
      env: {
        ...env,
        HOME: home,
        TMPDIR: temporary,
        XDG_CONFIG_HOME: join(home, ".config"),
        XDG_DATA_HOME: join(home, ".local", "share"),
        XDG_STATE_HOME: join(home, ".local", "state"),
        XDG_CACHE_HOME: join(home, ".cache"),
      },
      remove,
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/**
 * @param {string} path relative to the clone
 * @param {boolean} withCompiled
 */
function isCopied(path, withCompiled) {
  return !path.split(sep).some((part) => LEFT_OUT.has(part) || (part === "dist" && !withCompiled));
}

/**
 * Links of the source that lead outside of it, which are our own packages, lead to the same place of the copy.
 *
 * @param {string} from
 * @param {string} to
 */
function linkPackages(from, to) {
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    // Caches: what is written there belongs to the copy.
    if (/^\.(?!bin$|package-lock\.json$)/.test(entry.name)) continue;
    const path = join(from, entry.name);
    symlinkSync(entry.isSymbolicLink() ? readlinkSync(path) : path, join(to, entry.name));
  }
}
