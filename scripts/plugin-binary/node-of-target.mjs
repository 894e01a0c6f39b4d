import { createReadStream, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { SetupError } from "../setup/errors.mjs";
import { fetchNpmPackage } from "../setup/fetch-npm-package.mjs";
import { NODE_RELEASE } from "../setup/node-runtime.mjs";
import { isOwn, TARGETS } from "./targets.mjs";

/** What Node looks at when it starts, to know whether there is a program inside: `:0` follows it, and `:1` where there is. */
export const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

/** @typedef {import("./targets.mjs").Target} Target */
/** @typedef {Pick<import("../setup/step.mjs").StepContext, "cache" | "env" | "signal" | "platform">} Context */

/**
 * The program that becomes the executable of a target: Node's official one, of the release that this repository names.
 *
 * @param {Target} target
 * @param {Context} context
 * @returns {Promise<string>} its path
 * @throws {SetupError} where it is not available here
 */
export async function nodeOfTarget(target, context) {
  const { version } = NODE_RELEASE;
  if (isOwn(target) && process.versions.node === version && (await hasFuse(process.execPath))) return process.execPath;
  const program = target.platform === "win32" ? "bin/node.exe" : "bin/node";
  return join(await fetchOfficialNode(target, program, context), program);
}

/**
 * Node's own licence, with those of all that it has inside.
 *
 * @param {Context} context
 * @returns {Promise<string>} its path
 */
export async function nodeLicense(context) {
  const folder = dirname(process.execPath);
  const beside = [join(folder, "LICENSE"), join(dirname(folder), "LICENSE")].find((path) => existsSync(path));
  if (beside !== undefined) return beside;
  // The package for Windows has none.
  const [linux] = TARGETS;
  return join(await fetchOfficialNode(/** @type {Target} */ (linux), "bin/node", context), "LICENSE");
}

/**
 * @param {Target} target
 * @param {string} program path of Node in the package
 * @param {Context} context
 * @returns {Promise<string>} folder of the package
 */
async function fetchOfficialNode(target, program, context) {
  const { version } = NODE_RELEASE;
  const { name, platform, arch, integrity } = target;
  if (integrity === undefined) {
    throw new SetupError(
      "NO_NODE_FOR_TARGET",
      `the executable for ${name} is made on that platform only, by the official Node ${version}: there is no package of it`,
      { install: `run this on ${name} with Node ${version} from https://nodejs.org` },
    );
  }
  const system = platform === "win32" ? "win" : platform;
  // Set-up keeps the Node that the tests run on in the first of these folders: the same package.
  const folder = join(context.cache.root, "node", isOwn(target) ? `v${version}` : `v${version}-${system}-${arch}`);
  await fetchNpmPackage({ name: `node-${system}-${arch}`, version, integrity, program, tool: "node" }, folder, context);
  return folder;
}

/** @param {string} program */
async function hasFuse(program) {
  const wanted = `${FUSE}:0`;
  let end = "";
  for await (const piece of createReadStream(program, { encoding: "latin1", highWaterMark: 1 << 20 })) {
    const text = end + piece;
    if (text.includes(wanted)) return true;
    end = text.slice(-wanted.length);
  }
  return false;
}
