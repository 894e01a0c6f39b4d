import { join } from "node:path";
import { SetupError } from "./errors.mjs";
import { BUILD_TIMEOUT_MS, buildGoCommands, findGo } from "./go-build.mjs";
import { installHint } from "./install-hints.mjs";
import { withLock } from "./lock.mjs";
import { isExecutableFile } from "./platform.mjs";

const VERSION = "1.7.12";
const COMMAND = {
  name: "actionlint",
  package: "github.com/rhysd/actionlint/cmd/actionlint",
  ldflags: `-X github.com/rhysd/actionlint.version=${VERSION}`,
};

/**
 * What checks the workflows that users copy. Always this version: another one knows other rules.
 *
 * @type {import("./step.mjs").Step}
 */
export const actionlint = {
  title: "actionlint",
  profiles: ["test"],
  async run(context) {
    const { cache, check, env, note, platform, signal } = context;
    const given = env["NULLSPACE_ACTIONLINT"];
    if (given) return { chose: `${given}, from NULLSPACE_ACTIONLINT` };
    const folder = join(cache.root, "actionlint", `built-${VERSION}`);
    const binary = join(folder, COMMAND.name);
    const built = { chose: `${VERSION} built from its Go module (${binary})`, env: { NULLSPACE_ACTIONLINT: binary } };
    if (isExecutableFile(binary)) return built;
    const install = installHint("actionlint", platform);
    const go = await findGo(env);
    if (check || !go.isUsable) {
      const reason = go.isUsable ? "set-up builds it with Go (once, half a minute)" : go.reason;
      throw new SetupError("NO_ACTIONLINT", `no actionlint in the cache: ${reason}`, { install });
    }
    const lock = join(cache.root, "locks", "actionlint");
    return withLock(lock, { timeoutMs: BUILD_TIMEOUT_MS, signal }, async () => {
      if (isExecutableFile(binary)) return built;
      note(`building ${VERSION} from its Go module with Go ${go.version}: once a machine, half a minute`);
      await buildGoCommands(context, { go, commands: [COMMAND], folder, code: "ACTIONLINT_NOT_BUILT", install });
      return built;
    });
  },
};
