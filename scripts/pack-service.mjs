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
/** What the SDK needs of the root package's dependencies. */
const SDK_LIBRARIES = ["@bufbuild/protobuf", "tar-stream", "undici", "zod"];

const target = resolve(process.argv[2] ?? ".");
const stage = mkdtempSync(join(tmpdir(), "nullspace-local-"));
try {
  const root = manifest(ROOT);
  const service = manifest(join(ROOT, "service"));
  const sdkLibraries = Object.fromEntries(SDK_LIBRARIES.map((library) => [library, root.dependencies[library]]));
  cpSync(join(ROOT, "service", "dist"), join(stage, "dist"), { recursive: true });
  cpSync(join(ROOT, "LICENSE"), join(stage, "LICENSE"));
  write(stage, {
    ...service,
    // npm takes what is bundled for complete, and installs nothing for it: its libraries are the package's own.
    dependencies: { ...sdkLibraries, ...service.dependencies, [SDK]: root.version },
    bundleDependencies: [SDK],
  });
  const sdk = join(stage, "node_modules", SDK);
  mkdirSync(sdk, { recursive: true });
  const isCode = (/** @type {string} */ path) => !path.endsWith(".d.ts");
  cpSync(join(ROOT, "dist", "sdk"), join(sdk, "dist", "sdk"), { recursive: true, filter: isCode });
  for (const part of ["sdk", "commonjs/sdk", "commonjs/package.json"]) {
    cpSync(join(ROOT, "dist", "types", part), join(sdk, "dist", "types", part), { recursive: true });
  }
  cpSync(join(ROOT, "LICENSE"), join(sdk, "LICENSE"));
  const { name, version, license, type, exports, peerDependencies, peerDependenciesMeta } = root;
  const isOfSdk = (/** @type {[string, any]} */ [, target]) => String(target.default ?? "").startsWith("./dist/sdk/");
  write(sdk, {
    name,
    version,
    description: "The client SDK of pulumi-nullspace, as nullspace-local stands on it",
    license,
    type,
    exports: Object.fromEntries(Object.entries(exports).filter(isOfSdk)),
    dependencies: sdkLibraries,
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
