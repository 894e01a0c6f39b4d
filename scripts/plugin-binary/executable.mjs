import { chmodSync, copyFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describeFailure, runCommand } from "../setup/command.mjs";
import { SetupError } from "../setup/errors.mjs";
import { BUNDLED } from "./bundle.mjs";
import { FUSE, nodeOfTarget } from "./node-of-target.mjs";
import { isOwn, ownTarget, programName } from "./targets.mjs";

const TIMEOUT_MS = 5 * 60_000;
/** Names of Node: of what is inside, and of where that is in a file of macOS. */
const RESOURCE = "NODE_SEA_BLOB";
const MACHO_SEGMENT = "NODE_SEA";

/**
 * Makes the executable of a target: Node's own, with the plugin inside.
 *
 * @param {import("./targets.mjs").Target} target
 * @param {{ root: string, bundle: string, folder: string, context: import("./node-of-target.mjs").Context }} options `bundle`:
 *   folder of what {@link import("./bundle.mjs").bundleExecutable} has written; `folder`: where the executable goes
 * @returns {Promise<string>} its path
 */
export async function makeExecutable(target, { root, bundle, folder, context }) {
  const program = join(folder, programName(target));
  rmSync(program, { force: true });
  copyFileSync(await nodeOfTarget(target, context), program);
  chmodSync(program, 0o755);
  // The signature of Apple's system is one of what was there before.
  if (target.platform === "darwin") await run("codesign", ["--remove-signature", program]);
  const postject = createRequire(import.meta.url).resolve("postject/dist/cli.js");
  const blob = await makeBlob(target, { root, bundle, context });
  const segment = target.platform === "darwin" ? ["--macho-segment-name", MACHO_SEGMENT] : [];
  await run(process.execPath, [postject, program, RESOURCE, blob, "--sentinel-fuse", FUSE, ...segment]);
  // And without one it starts nothing.
  if (target.platform === "darwin") await run("codesign", ["--sign", "-", program]);
  return program;
}

/**
 * What is injected: the plugin's code and the files that it asks for, and for this platform the code compiled, so that it starts
 * sooner. Only the same release of Node can make it.
 *
 * @param {import("./targets.mjs").Target} target
 * @param {{ root: string, bundle: string, context: import("./node-of-target.mjs").Context }} options
 * @returns {Promise<string>} its path
 */
async function makeBlob(target, { root, bundle, context }) {
  const own = ownTarget();
  const maker = own === undefined ? process.execPath : await nodeOfTarget(own, context);
  const blob = join(bundle, `${target.name}.blob`);
  const settings = join(bundle, `${target.name}.json`);
  writeFileSync(
    settings,
    JSON.stringify({
      main: join(bundle, BUNDLED.main),
      output: blob,
      disableExperimentalSEAWarning: true,
      useCodeCache: isOwn(target),
      // NODE_OPTIONS is meant for the user's programs: what is asked for there may not even be where this one runs.
      execArgvExtension: "none",
      assets: {
        "pulumi-nullspace/package.json": join(root, "package.json"),
        "pulumi-nullspace/schema.json": join(root, "schema.json"),
        "pulumi-nullspace/worker.js": join(bundle, BUNDLED.worker),
      },
    }),
  );
  await run(maker, ["--experimental-sea-config", settings]);
  return blob;
}

/**
 * @param {string} command
 * @param {string[]} args
 */
async function run(command, args) {
  const result = await runCommand(command, args, { timeoutMs: TIMEOUT_MS });
  if (result.code === 0) return;
  throw new SetupError("EXECUTABLE_NOT_MADE", `${command} ${args.join(" ")} failed: ${describeFailure(result)}`);
}
