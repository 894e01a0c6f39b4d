#!/usr/bin/env node
/**
 * Makes the plugin one executable, which needs no Node on the machine, and packs it as the Pulumi CLI downloads it, with its
 * checksums and the list of what is inside (CycloneDX).
 *
 *   node scripts/plugin-binary.mjs [--target linux-amd64]… [--out release] [--no-archive]
 *
 * Without a target it is made for this platform; `--target available` makes all that can be made here.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeChecksums } from "./checksums.mjs";
import { writeArchive } from "./plugin-binary/archive.mjs";
import { BUNDLED, bundleExecutable } from "./plugin-binary/bundle.mjs";
import { makeExecutable } from "./plugin-binary/executable.mjs";
import { nodeLicense } from "./plugin-binary/node-of-target.mjs";
import { writeSbom } from "./plugin-binary/sbom.mjs";
import { isOwn, ownTarget, programName, TARGETS } from "./plugin-binary/targets.mjs";
import { describe } from "./setup.mjs";
import { describeFailure, runCommand } from "./setup/command.mjs";
import { SetupError } from "./setup/errors.mjs";
import { buildPackages } from "./setup/package-build.mjs";
import { readPlatform } from "./setup/platform.mjs";
import { toolCache } from "./setup/tool-cache.mjs";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const TRIAL_TIMEOUT_MS = 60_000;

try {
  const { values } = parseArgs({
    options: {
      target: { type: "string", multiple: true, default: [] },
      out: { type: "string", default: "release" },
      archive: { type: "boolean", default: true },
    },
    allowNegative: true,
  });
  await main(wantedTargets(values.target), resolve(values.out), values.archive);
} catch (error) {
  console.error(`[plugin] failed: ${describe(error)}`);
  process.exitCode = 1;
}

/**
 * @param {readonly string[]} names
 * @returns {readonly import("./plugin-binary/targets.mjs").Target[]}
 */
function wantedTargets(names) {
  const here = TARGETS.filter((target) => isOwn(target) || target.integrity !== undefined);
  if (names.includes("available")) return here;
  return (names.length > 0 ? names : [ownTarget()?.name ?? `${process.platform}-${process.arch}`]).map((name) => {
    const target = TARGETS.find((each) => each.name === name);
    if (target !== undefined) return target;
    throw new SetupError("NO_SUCH_TARGET", `there is no target ${name}: ${TARGETS.map((one) => one.name).join(", ")}`);
  });
}

/**
 * @param {readonly import("./plugin-binary/targets.mjs").Target[]} targets
 * @param {string} out
 * @param {boolean} isPacked
 */
async function main(targets, out, isPacked) {
  const env = process.env;
  const context = { env, platform: readPlatform({ env }), cache: toolCache(env), signal: undefined };
  await buildPackages({ root: ROOT, env });
  /** @type {{ version: string }} */
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const work = mkdtempSync(join(tmpdir(), "nullspace-plugin-"));
  try {
    await bundleExecutable({ root: ROOT, folder: work });
    const licenses = join(work, BUNDLED.licenses);
    writeFileSync(
      licenses,
      `${readFileSync(licenses, "utf8")}\nNode.js\n\n${readFileSync(await nodeLicense(context), "utf8")}`,
    );
    mkdirSync(out, { recursive: true });
    for (const target of targets) {
      const startedMs = performance.now();
      const made = join(work, target.name);
      mkdirSync(made);
      const program = await makeExecutable(target, { root: ROOT, bundle: work, folder: made, context });
      if (isOwn(target)) await tryOut(program, version);
      const name = isPacked ? `pulumi-resource-nullspace-v${version}-${target.name}.tar.gz` : programName(target);
      if (isPacked) {
        await writeArchive(join(out, name), [
          { name: programName(target), path: program, isProgram: true },
          { name: "LICENSE", path: join(ROOT, "LICENSE") },
          { name: "LICENSES.txt", path: licenses },
          { name: "README.md", path: join(ROOT, "README.md") },
        ]);
      } else cpSync(program, join(out, name));
      console.log(`[plugin] ${target.name.padEnd(14)} ${seconds(startedMs)}  ${join(out, name)}`);
    }
    if (!isPacked) return;
    writeSbom(join(work, BUNDLED.sbom), join(out, `pulumi-resource-nullspace-v${version}.cdx.json`));
    await writeChecksums(out);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Node starts without what was injected where something is wrong with it: it must say which plugin it is.
 *
 * @param {string} program
 * @param {string} version
 */
async function tryOut(program, version) {
  const result = await runCommand(program, ["--version"], { timeoutMs: TRIAL_TIMEOUT_MS });
  if (result.code === 0 && result.stdout.trim() === version) return;
  throw new SetupError(
    "EXECUTABLE_DOES_NOT_RUN",
    `${program} --version did not print ${version}: ${describeFailure(result)}`,
  );
}

/** @param {number} startedMs */
function seconds(startedMs) {
  return `${((performance.now() - startedMs) / 1000).toFixed(1)} s`.padStart(7);
}
