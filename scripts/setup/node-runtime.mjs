import { dirname, join } from "node:path";
import { SetupError } from "./errors.mjs";
import { canFetchNode, fetchNode, nodeHome } from "./fetch-node.mjs";
import { installHint } from "./install-hints.mjs";
import { isExecutableFile } from "./platform.mjs";

/** First Node release line that runs the sources (type stripping, node:sqlite, require of ES modules). */
const OLDEST_MAJOR = 24;

/**
 * The release that is fetched when the running one is older, and that the plugin's executable has inside.
 *
 * @type {import("./fetch-node.mjs").NodeRelease}
 */
export const NODE_RELEASE = {
  version: "24.21.0",
  integrity: {
    x64: "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
    arm64: "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
  },
};

/** @type {import("./step.mjs").Step} */
export const nodeRuntime = {
  title: "Node 24",
  profiles: ["quickstart", "test", "modern", "sdks", "languages", "scale"],
  needs: [],
  async run(context) {
    const { cache, check, platform } = context;
    if (isNewEnough(process.versions.node)) {
      return { chose: `the running one, ${process.versions.node}`, path: [dirname(process.execPath)] };
    }
    const home = nodeHome(cache, NODE_RELEASE.version);
    const chosen = { chose: `${NODE_RELEASE.version} from ${home}`, path: [join(home, "bin")] };
    if (isExecutableFile(join(home, "bin", "node"))) return chosen;

    const install = installHint("node", platform);
    const old = `the running Node is ${process.versions.node}, and ${OLDEST_MAJOR} or newer is needed`;
    if (!canFetchNode(NODE_RELEASE, platform)) {
      throw new SetupError("NODE_TOO_OLD", `${old}; set-up can fetch it for Linux on x64 and arm64 only`, { install });
    }
    if (check)
      throw new SetupError("NODE_TOO_OLD", `${old}; set-up fetches ${NODE_RELEASE.version} from the npm registry`, {
        install,
      });
    await fetchNode(NODE_RELEASE, context);
    return { ...chosen, chose: `${NODE_RELEASE.version}, fetched from the npm registry into ${home}` };
  },
};

/** @param {string} version */
export function isNewEnough(version) {
  return Number.parseInt(version, 10) >= OLDEST_MAJOR;
}
