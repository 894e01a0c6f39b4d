import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { describeFailure, runCommand } from "./command.mjs";
import { SetupError } from "./errors.mjs";
import { installHint } from "./install-hints.mjs";
import { withLock } from "./lock.mjs";
import { findCommand, isExecutableFile } from "./platform.mjs";

const FETCH_TIMEOUT_MS = 5 * 60_000;

/** The package that has it, and the program in it. Installing it would start a Prometheus. */
const PACKAGE = "prometheus";
const PROGRAM = "./usr/bin/promtool";

/**
 * What tries the alerts of `deploy/` and reads a scrape: the one that `NULLSPACE_PROMTOOL` names, the one on PATH, or, on
 * Debian, that of its package, which is taken out and not installed.
 *
 * @type {import("./step.mjs").Step}
 */
export const promtool = {
  title: "promtool",
  profiles: ["test"],
  async run(context) {
    const { cache, check, env, note, platform, signal } = context;
    const binary = join(cache.root, "promtool", "usr", "bin", "promtool");
    const use = (/** @type {string} */ path) => ({ chose: path, env: { NULLSPACE_PROMTOOL: path } });
    const given = env["NULLSPACE_PROMTOOL"] || findCommand("promtool", env);
    if (given !== undefined) return use(given);
    if (isExecutableFile(binary)) return use(binary);
    const install = installHint("promtool", platform);
    if (check || platform.kind !== "debian") {
      const reason =
        platform.kind === "debian" ? "set-up takes it out of Debian's package (once, seconds)" : "it is not on PATH";
      throw new SetupError("NO_PROMTOOL", `no promtool: ${reason}`, { install });
    }
    const lock = join(cache.root, "locks", "promtool");
    return withLock(lock, { timeoutMs: FETCH_TIMEOUT_MS, signal }, async () => {
      if (!isExecutableFile(binary)) {
        note(`apt-get download ${PACKAGE}`);
        await takeOut(binary, context, install);
      }
      return use(binary);
    });
  },
};

/**
 * Puts the program of the package there, whole or not at all.
 *
 * @param {string} binary
 * @param {import("./step.mjs").StepContext} context
 * @param {string} install
 */
async function takeOut(binary, { cache, env, platform, signal }, install) {
  mkdirSync(cache.root, { recursive: true });
  const draft = mkdtempSync(join(cache.root, "promtool-"));
  // Where root may not read the folder, apt-get fetches as another user, who must be able to write into it.
  chmodSync(draft, 0o755);
  const options = { cwd: draft, env, timeoutMs: FETCH_TIMEOUT_MS, signal };
  try {
    const fetch = () => runCommand("apt-get", ["download", PACKAGE], options);
    let fetched = await fetch();
    if (fetched.code !== 0 && platform.isRoot) {
      // Fresh images come without package lists, old ones with lists that name files which are no longer served.
      await runCommand("apt-get", ["update"], options);
      fetched = await fetch();
    }
    const archive = readdirSync(draft).find((name) => name.endsWith(".deb"));
    if (fetched.code !== 0 || archive === undefined) {
      throw new SetupError("PROMTOOL_NOT_FETCHED", `apt-get download ${PACKAGE}: ${describeFailure(fetched)}`, {
        install,
      });
    }
    const unpacked = await runCommand("dpkg-deb", ["--extract", archive, "unpacked"], options);
    const found = join(draft, "unpacked", PROGRAM);
    if (unpacked.code !== 0 || !isExecutableFile(found)) {
      throw new SetupError("PROMTOOL_NOT_FETCHED", `${archive} has no ${PROGRAM}: ${describeFailure(unpacked)}`, {
        install,
      });
    }
    mkdirSync(dirname(binary), { recursive: true });
    renameSync(found, binary);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
