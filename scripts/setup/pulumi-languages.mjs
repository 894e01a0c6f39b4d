import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "./errors.mjs";
import { BUILD_TIMEOUT_MS, buildGoCommands, findGo } from "./go-build.mjs";
import { installHint } from "./install-hints.mjs";
import { withLock } from "./lock.mjs";
import { findCommand, isExecutableFile } from "./platform.mjs";

/** What a released CLI has beside it. A CLI that was built has its host for Node alone. */
const HOSTS = [
  {
    name: "pulumi-language-go",
    module: "pulumi-language-nodejs",
    package: "github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go",
  },
  {
    name: "pulumi-language-python",
    module: "pulumi-language-nodejs",
    package: "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
    files: [{ module: "github.com/pulumi/pulumi/sdk/v3", path: "python/cmd/pulumi-language-python-exec" }],
  },
  {
    name: "pulumi-language-yaml",
    module: "pulumi-codegen",
    package: "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
    ldflags: "-X github.com/pulumi/pulumi-yaml/pkg/version.Version=1.25.0",
  },
];

/** A program of ours over Pulumi's code generators: its sources are in toolchain/pulumi-codegen. */
const CODEGEN = { name: "pulumi-codegen", package: "." };

/**
 * What makes SDKs and programs in other languages than TypeScript, and the language hosts that run such programs.
 *
 * @type {import("./step.mjs").Step}
 */
export const pulumiLanguages = {
  title: "Pulumi languages",
  profiles: ["sdks", "languages"],
  async run(context) {
    const { cache, check, env, note, platform, profile, signal } = context;
    const hosts = profile === "languages" ? HOSTS.filter(({ name }) => findCommand(name, env) === undefined) : [];
    const commands = [CODEGEN, ...hosts];
    const names = commands.map(({ name }) => name).join(", ");
    const folder = join(cache.root, "pulumi-languages", `built-${sourceDigest(names)}`);
    const built = {
      chose: `${names} built from their Go modules (${folder})`,
      path: [folder],
      env: { NULLSPACE_PULUMI_CODEGEN: join(folder, CODEGEN.name) },
    };
    const isReady = () => commands.every(({ name }) => isExecutableFile(join(folder, name)));
    if (isReady()) return built;
    const install = installHint("pulumi-languages", platform);
    const go = await findGo(env);
    if (check || !go.isUsable) {
      const reason = go.isUsable ? "set-up builds them with Go (once, some minutes)" : go.reason;
      throw new SetupError("NO_PULUMI_LANGUAGES", `no ${names} in the cache: ${reason}`, { install });
    }
    return withLock(
      join(cache.root, "locks", "pulumi-languages"),
      { timeoutMs: BUILD_TIMEOUT_MS, signal },
      async () => {
        if (isReady()) return built;
        note(`building ${names} from their Go modules with Go ${go.version}: once a machine`);
        await buildGoCommands(context, { go, commands, folder, code: "PULUMI_LANGUAGES_NOT_BUILT", install });
        return built;
      },
    );
  },
};

/**
 * Other commands, sources or versions are another folder of the cache.
 *
 * @param {string} names of the commands
 */
function sourceDigest(names) {
  const hash = createHash("sha256").update(names);
  for (const module of new Set([CODEGEN.name, ...HOSTS.map((host) => host.module)])) {
    const folder = new URL(`./toolchain/${module}/`, import.meta.url);
    for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(new URL(name, folder)));
  }
  return hash.digest("hex").slice(0, 12);
}
