import { join } from "node:path";
import { SetupError } from "./errors.mjs";
import { installHint } from "./install-hints.mjs";
import { withLock } from "./lock.mjs";
import { FETCH_TIMEOUT_MS, takeOut } from "./package-contents.mjs";
import { findCommand, isExecutableFile } from "./platform.mjs";

/** The package that has it, and the program in it. Installing it would start a Prometheus. */
const PACKAGE = "prometheus";
const PROGRAM = "usr/bin/promtool";

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
    const folder = join(cache.root, "promtool");
    const binary = join(folder, PROGRAM);
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
        const code = "PROMTOOL_NOT_FETCHED";
        await takeOut(context, { name: PACKAGE, programs: [PROGRAM], folder, code, install });
      }
      return use(binary);
    });
  },
};
