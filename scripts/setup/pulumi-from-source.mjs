import { availableParallelism } from "node:os";
import { join } from "node:path";
import { SetupError } from "./errors.mjs";
import { buildGoCommands, findGo } from "./go-build.mjs";
import { installHint } from "./install-hints.mjs";
import { isExecutableFile } from "./platform.mjs";

export const VERSION = "3.258.0";

/** @param {string} version as the project's own Makefile sets it: a CLI without one takes itself for a development build */
const versioned = (version) => `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${version}`;

/** The CLI and its language host for Node. */
const COMMANDS = [
  { name: "pulumi", package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", ldflags: versioned(VERSION) },
  {
    name: "pulumi-language-nodejs",
    package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    ldflags: versioned("3.60.0"),
  },
];

/** @param {import("./tool-cache.mjs").ToolCache} cache */
function home(cache) {
  return join(cache.root, "pulumi", `built-${VERSION}`);
}

/**
 * @param {import("./tool-cache.mjs").ToolCache} cache
 * @returns {{ folder: string, version: string, how: string } | undefined}
 */
export function builtPulumi(cache) {
  const folder = home(cache);
  const isThere = COMMANDS.every(({ name }) => isExecutableFile(join(folder, name)));
  return isThere ? { folder, version: VERSION, how: "built from its Go module" } : undefined;
}

/** How long that takes on idle processors, as many as there are: it was 5 minutes on two. */
export function buildMinutes(processors = availableParallelism()) {
  const least = Math.max(2, Math.round(9 / processors));
  return `${least} to ${least + Math.ceil(4 / processors)}`;
}

/**
 * Builds the CLI and the Node language host with the Go on the machine, into the cache.
 *
 * @param {import("./step.mjs").StepContext} context
 * @returns {Promise<{ folder: string, version: string, how: string }>}
 */
export async function buildPulumi(context) {
  const { cache, env, note, platform } = context;
  const go = await findGo(env);
  const install = installHint("pulumi", platform);
  if (!go.isUsable) {
    throw new SetupError("NO_PULUMI", `no Pulumi CLI, and none could be downloaded or built: ${go.reason}`, {
      install,
    });
  }
  note(`building ${VERSION} from its Go module with Go ${go.version}: once a machine, ${buildMinutes()} minutes`);
  await buildGoCommands(context, { go, commands: COMMANDS, folder: home(cache), code: "PULUMI_NOT_BUILT", install });
  return { folder: home(cache), version: VERSION, how: "built from its Go module" };
}
