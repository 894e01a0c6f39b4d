import { join } from "node:path";
import { SetupError } from "./errors.mjs";
import { BUILD_TIMEOUT_MS, buildGoCommands, findGo } from "./go-build.mjs";
import { installHint } from "./install-hints.mjs";
import { withLock } from "./lock.mjs";
import { findCommand, isExecutableFile } from "./platform.mjs";

const VERSION = "0.34.2";
const COMMAND = { name: "buildkitd", package: "github.com/moby/buildkit/cmd/buildkitd" };

/**
 * A BuildKit daemon for the tests that build without Docker Engine.
 *
 * @type {import("./step.mjs").Step}
 */
export const buildKitDaemon = {
  title: "BuildKit daemon",
  profiles: ["test", "modern"],
  async run(context) {
    const { cache, check, env, note, platform, signal } = context;
    const given = env["NULLSPACE_BUILDKITD"] || findCommand(COMMAND.name, env);
    if (given) return { chose: given, env: { NULLSPACE_BUILDKITD: given } };
    const folder = join(cache.root, "buildkit", `built-${VERSION}`);
    const binary = join(folder, COMMAND.name);
    const built = { chose: `${VERSION} built from its Go module (${binary})`, env: { NULLSPACE_BUILDKITD: binary } };
    if (isExecutableFile(binary)) return built;
    const install = installHint("buildkitd", platform);
    const go = await findGo(env);
    if (check || !go.isUsable) {
      const reason = go.isUsable ? "set-up builds it with Go (once, 3 to 6 minutes on two processors)" : go.reason;
      throw new SetupError("NO_BUILDKITD", `no buildkitd on PATH or in the cache: ${reason}`, { install });
    }
    const lock = join(cache.root, "locks", "buildkit");
    return withLock(lock, { timeoutMs: BUILD_TIMEOUT_MS, signal }, async () => {
      if (isExecutableFile(binary)) return built;
      note(`building ${VERSION} from its Go module with Go ${go.version}: once a machine, 3 to 6 minutes`);
      await buildGoCommands(context, { go, commands: [COMMAND], folder, code: "BUILDKITD_NOT_BUILT", install });
      return built;
    });
  },
};
