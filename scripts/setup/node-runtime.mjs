import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { describeFailure, runCommand } from "./command.mjs";
import { SetupError } from "./errors.mjs";
import { installHint } from "./install-hints.mjs";
import { withLock } from "./lock.mjs";
import { findCommand, isExecutableFile } from "./platform.mjs";

/** First Node release line that runs the sources (type stripping, node:sqlite, require of ES modules). */
const OLDEST_MAJOR = 24;

/** The release that is fetched when the running one is older. */
const FETCHED_VERSION = "24.21.0";

/**
 * Digests of the npm packages that hold the official binaries, so that a registry in between can serve nothing else.
 *
 * @type {Record<string, string>}
 */
const INTEGRITY = {
  x64: "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
  arm64: "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
};

const FETCH_TIMEOUT_MS = 5 * 60_000;

/** @type {import("./step.mjs").Step} */
export const nodeRuntime = {
  title: "Node 24",
  profiles: ["quickstart", "test", "modern"],
  async run({ env, cache, check, signal, platform }) {
    if (isNewEnough(process.versions.node)) {
      return { chose: `the running one, ${process.versions.node}`, path: [dirname(process.execPath)] };
    }
    const home = join(cache.root, "node", `v${FETCHED_VERSION}`);
    const chosen = { chose: `${FETCHED_VERSION} from ${home}`, path: [join(home, "bin")] };
    if (isExecutableFile(join(home, "bin", "node"))) return chosen;

    const install = installHint("node", platform);
    const old = `the running Node is ${process.versions.node}, and ${OLDEST_MAJOR} or newer is needed`;
    const integrity = INTEGRITY[platform.arch];
    if (integrity === undefined || (platform.kind !== "debian" && platform.kind !== "linux")) {
      throw new SetupError("NODE_TOO_OLD", `${old}; set-up can fetch it for Linux on x64 and arm64 only`, { install });
    }
    if (check)
      throw new SetupError("NODE_TOO_OLD", `${old}; set-up fetches ${FETCHED_VERSION} from the npm registry`, {
        install,
      });
    const [npm, tar] = ["npm", "tar"].map((tool) => {
      const command = findCommand(tool, env);
      if (command === undefined)
        throw new SetupError("NO_TOOL", `${tool} is not on PATH`, { install: installHint(tool, platform) });
      return command;
    });
    await withLock(join(cache.root, "locks", "node"), { timeoutMs: FETCH_TIMEOUT_MS, signal }, async () => {
      if (isExecutableFile(join(home, "bin", "node"))) return;
      await fetchNode({
        npm: npm ?? "npm",
        tar: tar ?? "tar",
        home,
        arch: platform.arch,
        integrity,
        env,
        signal,
        install,
      });
    });
    return { ...chosen, chose: `${FETCHED_VERSION}, fetched from the npm registry into ${home}` };
  },
};

/** @param {string} version */
export function isNewEnough(version) {
  return Number.parseInt(version, 10) >= OLDEST_MAJOR;
}

/**
 * @param {{ npm: string, tar: string, home: string, arch: string, integrity: string, env: NodeJS.ProcessEnv,
 *   signal: AbortSignal | undefined, install: string }} options
 */
async function fetchNode({ npm, tar, home, arch, integrity, env, signal, install }) {
  mkdirSync(dirname(home), { recursive: true });
  const draft = mkdtempSync(`${home}.draft-`);
  const options = { cwd: draft, env, timeoutMs: FETCH_TIMEOUT_MS, signal };
  try {
    const name = `node-linux-${arch}@${FETCHED_VERSION}`;
    const pack = await runCommand(npm, ["pack", name, "--silent"], options);
    const archive = readdirSync(draft).find((file) => file.endsWith(".tgz"));
    if (pack.code !== 0 || archive === undefined) {
      throw new SetupError("NODE_NOT_FETCHED", `npm pack ${name} failed: ${describeFailure(pack)}`, { install });
    }
    const digest = createHash("sha512")
      .update(readFileSync(join(draft, archive)))
      .digest("base64");
    if (`sha512-${digest}` !== integrity) {
      throw new SetupError(
        "NODE_NOT_GENUINE",
        `${name} from the npm registry is not the published package: its digest is sha512-${digest}, not ${integrity}`,
        { install },
      );
    }
    const unpack = await runCommand(tar, ["-xzf", archive, "--strip-components=1"], options);
    const trial = await runCommand(join(draft, "bin", "node"), ["--version"], options);
    if (unpack.code !== 0 || trial.stdout.trim() !== `v${FETCHED_VERSION}`) {
      const why = describeFailure(unpack.code === 0 ? trial : unpack);
      throw new SetupError("NODE_DOES_NOT_RUN", `${name} does not run on this machine: ${why}`, { install });
    }
    rmSync(join(draft, archive));
    chmodSync(draft, 0o755); // A temporary folder is its owner's alone; a program of the cache is anybody's to run.
    renameSync(draft, home);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
