import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { describeFailure, runCommand } from "./command.mjs";
import { SetupError } from "./errors.mjs";
import { isExecutableFile } from "./platform.mjs";

/** How long a package may take to come. */
export const FETCH_TIMEOUT_MS = 5 * 60_000;

/**
 * Takes programs out of a Debian package into a folder of the cache, without installing it, as that may start what is in it. The
 * folder is there whole or not at all.
 *
 * @param {import("./step.mjs").StepContext} context
 * @param {{ name: string, programs: readonly string[], folder: string, code: string, install: string }} options `programs`:
 *   their paths in the package, e.g. `usr/bin/etcd`, which they keep in the folder; `code` and `install`: what a failure is called, and what to do by
 *   hand then
 */
export async function takeOut({ env, platform, signal }, { name, programs, folder, code, install }) {
  mkdirSync(dirname(folder), { recursive: true });
  const draft = mkdtempSync(`${folder}.draft-`);
  // Where root may not read the folder, apt-get fetches as another user, who must be able to write into it.
  chmodSync(draft, 0o755);
  const options = { cwd: draft, env, timeoutMs: FETCH_TIMEOUT_MS, signal };
  try {
    const fetch = () => runCommand("apt-get", ["download", name], options);
    let fetched = await fetch();
    if (fetched.code !== 0 && platform.isRoot) {
      // Fresh images come without package lists, old ones with lists that name files which are no longer served.
      await runCommand("apt-get", ["update"], options);
      fetched = await fetch();
    }
    const archive = readdirSync(draft).find((file) => file.endsWith(".deb"));
    if (fetched.code !== 0 || archive === undefined) {
      throw new SetupError(code, `apt-get download ${name}: ${describeFailure(fetched)}`, { install });
    }
    const unpacked = await runCommand("dpkg-deb", ["--extract", archive, "unpacked"], options);
    const absent = programs.find((path) => !isExecutableFile(join(draft, "unpacked", path)));
    if (unpacked.code !== 0 || absent !== undefined) {
      throw new SetupError(code, `${archive} has no ${absent}: ${describeFailure(unpacked)}`, { install });
    }
    const kept = join(draft, "kept");
    for (const path of programs) {
      mkdirSync(dirname(join(kept, path)), { recursive: true });
      renameSync(join(draft, "unpacked", path), join(kept, path));
    }
    rmSync(folder, { recursive: true, force: true });
    renameSync(kept, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
