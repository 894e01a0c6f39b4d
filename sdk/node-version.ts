/** The oldest Node that Pulumi itself asks for, and so do the provider, the SDK and the command. */
export const OLDEST_NODE = "22.14";

/**
 * The one line for a Node that is too old. This file, and what an entry loads before it has asked, must load on every Node
 * that knows ES modules.
 *
 * @param needs who asks, and the oldest Node that will do: `["pulumi-nullspace", "22.14"]`
 * @param version of the Node that runs
 * @default process.versions.node
 * @returns `undefined` when it is new enough
 * @internal
 */
export function tooOldNode(
  [name, oldest]: readonly [name: string, oldest: string],
  version: string = process.versions.node,
): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split(".").map(Number);
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined;
  return `${name} needs Node ${oldest} or newer, and this is ${version}. Install it, and put it first on PATH.`;
}
