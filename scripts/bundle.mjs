#!/usr/bin/env node
/**
 * Puts what `pulumi`, the command and programs load into few files, `dist/bundle`, from what the compiler wrote to `dist`:
 * loading five hundred modules takes longer than all that they do in a preview, or than a build whose steps are all cached.
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

/** zod brings the words of fifty languages, and is asked for those of one. */
const ENGLISH = {
  name: "english",
  /** @param {import("esbuild").PluginBuild} bundler */
  setup: (bundler) =>
    bundler.onLoad({ filter: /zod[/\\]v4[/\\]locales[/\\]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    })),
};

/** What programs import beside Pulumi. One bundle for all of it: what two parts have in common is there once, an error's class above all. */
const LIBRARY = {
  outdir: join(OUT, "sdk"),
  entryPoints: {
    sdk: "dist/sdk/index.js",
    ...Object.fromEntries(
      ["commands", "concurrency", "context", "docker", "secrets", "tracing", "wire"].map((part) => [
        part,
        `dist/sdk/${part}/index.js`,
      ]),
    ),
    // Found by its name beside whoever starts it.
    worker: "dist/sdk/context/thread/worker.js",
  },
  external: ["@aws-sdk/*", "@opentelemetry/*"],
  plugins: [ENGLISH],
  banner: { js: `import "./require-node.js"; ${REQUIRE}` },
};

/** What says that a Node is too old, and has to run on it. */
const GUARDS = {
  outdir: LIBRARY.outdir,
  entryPoints: ["dist/sdk/node-version.js", "dist/sdk/require-node.js"],
};

rmSync(OUT, { recursive: true, force: true });
const GROUPS = [BESIDE_PULUMI, PROGRAMS, LIBRARY, GUARDS];
const outcomes = await Promise.all(GROUPS.map((options) => build({ ...COMMON, ...options })));
for (const name of Object.keys(PROGRAMS.entryPoints)) chmodSync(join(OUT, `${name}.js`), 0o755);
const inputs = outcomes.map(({ metafile }) => Object.keys(metafile?.inputs ?? {}));
writeFileSync(join(OUT, "LICENSES.txt"), bundledLicenses(ROOT, inputs.flat()));
// The library alone is packed with the service.
writeFileSync(join(LIBRARY.outdir, "LICENSES.txt"), bundledLicenses(ROOT, inputs[GROUPS.indexOf(LIBRARY)] ?? []));
