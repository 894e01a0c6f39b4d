import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "./errors.mjs";
import { BUILD_TIMEOUT_MS, buildGoCommands, findGo } from "./go-build.mjs";
import { installHint } from "./install-hints.mjs";
import { withLock } from "./lock.mjs";
import { isExecutableFile } from "./platform.mjs";

/** A program of ours: its sources are in toolchain/dockerfile-parser. */
const COMMAND = { name: "dockerfile-parser", package: "." };
const SOURCES = ["main.go", "go.mod", "go.sum"];

/**
 * BuildKit's own reading of a Dockerfile, which the tests compare with.
 *
 * @type {import("./step.mjs").Step}
 */
export const dockerfileParser = {
  title: "Dockerfile parser",
  profiles: ["test"],
  async run(context) {
    const { cache, check, env, note, platform, signal } = context;
    const given = env["NULLSPACE_DOCKERFILE_PARSER"];
    if (given) return { chose: `${given}, from NULLSPACE_DOCKERFILE_PARSER` };
    const folder = join(cache.root, "dockerfile-parser", `built-${sourceDigest()}`);
    const binary = join(folder, COMMAND.name);
    const built = { chose: `built from BuildKit's (${binary})`, env: { NULLSPACE_DOCKERFILE_PARSER: binary } };
    if (isExecutableFile(binary)) return built;
    const install = installHint("dockerfile-parser", platform);
    const go = await findGo(env);
    if (check || !go.isUsable) {
      const reason = go.isUsable ? "set-up builds it with Go (once, a quarter of a minute)" : go.reason;
      throw new SetupError("NO_DOCKERFILE_PARSER", `no Dockerfile parser in the cache: ${reason}`, { install });
    }
    const lock = join(cache.root, "locks", "dockerfile-parser");
    return withLock(lock, { timeoutMs: BUILD_TIMEOUT_MS, signal }, async () => {
      if (isExecutableFile(binary)) return built;
      note(`building it with Go ${go.version}: once a machine, a quarter of a minute`);
      await buildGoCommands(context, { go, commands: [COMMAND], folder, code: "DOCKERFILE_PARSER_NOT_BUILT", install });
      return built;
    });
  },
};

/** Another program or another BuildKit is another folder of the cache. */
function sourceDigest() {
  const hash = createHash("sha256");
  for (const name of SOURCES) {
    hash.update(readFileSync(new URL(`./toolchain/${COMMAND.name}/${name}`, import.meta.url)));
  }
  return hash.digest("hex").slice(0, 12);
}
