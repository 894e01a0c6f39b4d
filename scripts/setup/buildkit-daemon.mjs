import { join } from "node:path";
import { SetupError } from "./errors.mjs";
import { BUILD_TIMEOUT_MS, buildGoCommands, findGo } from "./go-build.mjs";
import { installHint } from "./install-hints.mjs";
import { withLock } from "./lock.mjs";
import { findCommand, isExecutableFile } from "./platform.mjs";

export const VERSION = "0.34.2";
const COMMANDS = [
  { name: "buildkitd", package: "github.com/moby/buildkit/cmd/buildkitd" },
  { name: "buildctl", module: "buildkitd", package: "github.com/moby/buildkit/cmd/buildctl" },
];
/** Where the tests look for them. @type {Record<string, string>} */
const VARIABLES = { buildkitd: "NULLSPACE_BUILDKITD", buildctl: "NULLSPACE_BUILDCTL" };

/**
 * A BuildKit daemon for the tests that build without Docker Engine, and its own client, which they compare with.
 *
 * @type {import("./step.mjs").Step}
 */
export const buildKitDaemon = {
  title: "BuildKit daemon",
  profiles: ["test", "modern", "scale"],
  async run(context) {
    const { cache, check, env, note, platform, signal } = context;
    const found = given(env);
    if (found) return found;
    const folder = join(cache.root, "buildkit", VERSION);
    const built = {
      chose: `${VERSION} built from its Go module (${folder})`,
      env: variables((name) => join(folder, name)),
    };
    const isBuilt = () => COMMANDS.every(({ name }) => isExecutableFile(join(folder, name)));
    if (isBuilt()) return built;
    const install = installHint("buildkitd", platform);
    const go = await findGo(env);
    if (check || !go.isUsable) {
      const reason = go.isUsable ? "set-up builds them with Go (once, 3 to 6 minutes on two processors)" : go.reason;
      throw new SetupError("NO_BUILDKITD", `no buildkitd and buildctl on PATH or in the cache: ${reason}`, { install });
    }
    const lock = join(cache.root, "locks", "buildkit");
    return withLock(lock, { timeoutMs: BUILD_TIMEOUT_MS, signal }, async () => {
      if (isBuilt()) return built;
      note(`building ${VERSION} from its Go module with Go ${go.version}: once a machine, 3 to 6 minutes`);
      await buildGoCommands(context, { go, commands: COMMANDS, folder, code: "BUILDKITD_NOT_BUILT", install });
      return built;
    });
  },
};

/**
 * Both commands from the environment or PATH. They go together: a client of another version would be another oracle.
 *
 * @param {NodeJS.ProcessEnv} env
 */
function given(env) {
  const paths = Object.fromEntries(
    COMMANDS.map(({ name }) => [name, env[VARIABLES[name] ?? ""] || findCommand(name, env)]),
  );
  if (!Object.values(paths).every(Boolean)) return undefined;
  return { chose: Object.values(paths).join(", "), env: variables((name) => paths[name] ?? "") };
}

/** @param {(name: string) => string} pathOf */
function variables(pathOf) {
  return Object.fromEntries(COMMANDS.map(({ name }) => [VARIABLES[name], pathOf(name)]));
}
