import { NODE_RELEASE } from "../setup/node-runtime.mjs";

/**
 * A platform that the plugin's executable is made for.
 *
 * @typedef {object} Target
 * @property {string} name as Pulumi names platforms in archives: Go's words for system and architecture
 * @property {NodeJS.Platform} platform Node's word for the system
 * @property {string} arch Node's word for the architecture
 * @property {string | undefined} integrity digest of the npm package `node-<system>-<arch>` that holds the release of Node;
 *   undefined where there is none: such an executable is made on its own platform only
 */

/** @type {readonly Target[]} */
export const TARGETS = [
  { name: "linux-amd64", platform: "linux", arch: "x64", integrity: NODE_RELEASE.integrity.x64 },
  { name: "linux-arm64", platform: "linux", arch: "arm64", integrity: NODE_RELEASE.integrity.arm64 },
  { name: "darwin-amd64", platform: "darwin", arch: "x64", integrity: undefined },
  { name: "darwin-arm64", platform: "darwin", arch: "arm64", integrity: undefined },
  {
    name: "windows-amd64",
    platform: "win32",
    arch: "x64",
    integrity: "sha512-0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA==",
  },
  { name: "windows-arm64", platform: "win32", arch: "arm64", integrity: undefined },
];

/** The platform that this process runs on. */
export function ownTarget() {
  return TARGETS.find(isOwn);
}

/** @param {Target} target */
export function isOwn({ platform, arch }) {
  return platform === process.platform && arch === process.arch;
}

/**
 * Name of the executable, as the Pulumi CLI looks for it in the archive.
 *
 * @param {Target} target
 */
export function programName({ platform }) {
  return platform === "win32" ? "pulumi-resource-nullspace.exe" : "pulumi-resource-nullspace";
}
