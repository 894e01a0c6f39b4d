/** What a cluster is made of, and the variable by which set-up says where it is. */
const TOOLS = {
  kubernetes: "NULLSPACE_KUBERNETES",
  kwok: "NULLSPACE_KWOK",
  cni: "NULLSPACE_CNI",
  buildkitd: "NULLSPACE_BUILDKITD",
  buildctl: "NULLSPACE_BUILDCTL",
} as const;

/**
 * Whether a cluster can be started here: set-up builds what it needs for `npm test -- --project scale`, and other tests use it where it
 * is there.
 */
export const HAS_CLUSTER = Boolean(process.env[TOOLS.kubernetes]);

/** Path of a program, or, of the network plugins, of their folder. */
export function tool(name: keyof typeof TOOLS): string {
  const path = process.env[TOOLS[name]];
  if (path) return path;
  throw new Error(`${TOOLS[name]} is not set: start the tests with \`npm test -- --project scale\`, which sets it up`);
}
