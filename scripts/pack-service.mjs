#!/usr/bin/env node
/**
 * Packs `nullspace-local` as it is published: with the SDK that it stands on inside, so that it installs by itself, without
 * the provider and without Pulumi.
 *
 *   npm run build && node scripts/pack-service.mjs [folder]
 *
 * Prints the path of the archive; the folder is the present one unless it is named.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SDK = "pulumi-nullspace";
/** Where the SDK is, with the libraries that it needs. */
const BUNDLE = "dist/bundle/sdk";

const target = resolve(process.argv[2] ?? ".");
const stage = mkdtempSync(join(tmpdir(), "nullspace-local-"));
try {
  const root = manifest(ROOT);
  const service = manifest(join(ROOT, "service"));
  cpSync(join(ROOT, "service", "dist"), join(stage, "dist"), { recursive: true });
  cpSync(join(ROOT, "LICENSE"), join(stage, "LICENSE"));
  write(stage, {
    ...service,
    dependencies: { ...service.dependencies, [SDK]: root.version },
    bundleDependencies: [SDK],
  });
  const sdk = join(stage, "node_modules", SDK);
  mkdirSync(sdk, { recursive: true });
  cpSync(join(ROOT, BUNDLE), join(sdk, BUNDLE), { recursive: true });
  for (const part of ["sdk", "commonjs/sdk", "commonjs/package.json"]) {
    cpSync(join(ROOT, "dist", "types", part), join(sdk, "dist", "types", part), { recursive: true });
  }
  cpSync(join(ROOT, "LICENSE"), join(sdk, "LICENSE"));
  const { name, version, license, type, exports, peerDependencies, peerDependenciesMeta } = root;
  const isOfSdk = (/** @type {[string, any]} */ [, target]) => String(target.default ?? "").startsWith(`./${BUNDLE}/`);
  write(sdk, {
    name,
    version,
    description: "The client SDK of pulumi-nullspace, as nullspace-local stands on it",
    license,
    type,
    exports: Object.fromEntries(Object.entries(exports).filter(isOfSdk)),
    peerDependencies,
    peerDependenciesMeta,
  });
  const answer = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", target], {
    cwd: stage,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [{ filename }] = Object.values(JSON.parse(answer));
  console.log(join(target, filename));
} finally {
  rmSync(stage, { recursive: true, force: true });
}

/**
 * @param {string} folder
 * @returns {Record<string, any>}
 */
function manifest(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/**
 * @param {string} folder
 * @param {Record<string, unknown>} content
 */
function write(folder, content) {
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(content, undefined, 2)}\n`);
}
