#!/usr/bin/env node
/**
 * Puts what `pulumi` and the command load into few files, `dist/bundle`, from what the compiler wrote to `dist`: loading five
 * hundred modules takes longer than all that they do in a preview.
 *
 *   node scripts/bundle.mjs
 *
 * The libraries that go in are named in `dist/bundle/LICENSES.txt`, with their licences.
 */
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { bundledLicenses } from "./bundled-licenses.mjs";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const OUT = join(ROOT, "dist", "bundle");

/** @type {import("esbuild").BuildOptions} */
const COMMON = {
  absWorkingDir: ROOT,
  outdir: OUT,
  bundle: true,
  splitting: true,
  platform: "node",
  format: "esm",
  target: "node22.14",
  metafile: true,
  legalComments: "none",
  logLevel: "warning",
};

/** Libraries that are CommonJS ask for Node's modules by `require`. */
const REQUIRE =
  'import { createRequire as createRequireOfBundle } from "node:module"; const require = createRequireOfBundle(import.meta.url);';

/** In a program's process, and in that of dynamic resources, there is one Pulumi SDK: the program's. */
const BESIDE_PULUMI = {
  entryPoints: {
    dynamic: "dist/provider/dynamic/index.js",
    "dynamic-runtime": "dist/provider/dynamic/runtime.js",
    native: "dist/provider/native/index.js",
    // Found by its name beside whoever starts it.
    worker: "dist/sdk/context/thread/worker.js",
  },
  // Loaded already, by the SDK.
  external: ["@pulumi/pulumi", "@grpc/grpc-js", "google-protobuf", "@aws-sdk/*", "@opentelemetry/*"],
  // The bundler moves modules about; what stands on top of every file comes first also in the program that loads it.
  banner: { js: `import "../sdk/require-node.js"; ${REQUIRE}` },
};

/** The plugin and the command are processes of their own: the messages that they need of the SDK go in. */
const PROGRAMS = {
  entryPoints: {
    "pulumi-resource-nullspace": "dist/bin/pulumi-resource-nullspace.js",
    "pulumi-nullspace": "dist/bin/pulumi-nullspace.js",
  },
  external: ["@aws-sdk/*", "@opentelemetry/*"],
  banner: { js: REQUIRE },
};

rmSync(OUT, { recursive: true, force: true });
const outcomes = await Promise.all([BESIDE_PULUMI, PROGRAMS].map((options) => build({ ...COMMON, ...options })));
for (const name of Object.keys(PROGRAMS.entryPoints)) chmodSync(join(OUT, `${name}.js`), 0o755);
writeFileSync(
  join(OUT, "LICENSES.txt"),
  bundledLicenses(
    ROOT,
    outcomes.flatMap(({ metafile }) => Object.keys(metafile?.inputs ?? {})),
  ),
);
