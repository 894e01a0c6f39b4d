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
const OWN_PROCESS = { external: ["@aws-sdk/*", "@opentelemetry/*"] };

const START = "pulumi-nullspace";
const REST = "run-program.cjs";
/** What only some of the command's words need is loaded when it is asked for: files of these names. */
const ASKED_FOR = {
  ...Object.fromEntries(
    ["adopt", "docker", "doctor", "image", "promotions", "report"].map((name) => [
      `command-${name}`,
      `dist/bin/commands/${name}.js`,
    ]),
  ),
  "context-diff": "dist/bin/commands/context-diff.js",
  fail: "dist/bin/cli/fail.js",
};

const PROGRAMS = {
  ...OWN_PROCESS,
  entryPoints: {
    "pulumi-resource-nullspace": "dist/bin/pulumi-resource-nullspace.js",
    ...ASKED_FOR,
  },
  banner: { js: REQUIRE },
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
  banner: { js: `import "./require-node.js"; ${REQUIRE}` },
};

/** What says that a Node is too old, and has to run on it. */
const GUARDS = {
  outdir: LIBRARY.outdir,
  entryPoints: ["dist/sdk/node-version.js", "dist/sdk/require-node.js"],
};

/** Looks at the Node that runs it, and loads the rest: an older one may not be able to read that. */
const COMMAND_START = {
  entryPoints: { [START]: `dist/bin/${START}.js` },
  splitting: false,
  plugins: [besides({ [REST]: "dist/bin/cli/run-program.js" })],
};

/**
 * The command and `context`, which answers in the time that Node takes to load: one file of CommonJS. As a module it would
 * load every part of each of Node's modules that it imports, as they are listed in its namespace (`fs.ReadStream`: streams).
 *
 * @type {import("esbuild").BuildOptions}
 */
const COMMAND = {
  ...OWN_PROCESS,
  entryPoints: { "run-program": "dist/bin/cli/run-program.js" },
  format: "cjs",
  splitting: false,
  outExtension: { ".js": ".cjs" },
  define: { "import.meta.url": "urlOfProgram" },
  banner: { js: 'const urlOfProgram = require("node:url").pathToFileURL(__filename).href;' },
  plugins: [besides(mapKeys(ASKED_FOR, (name) => `${name}.js`)), laterBuiltins()],
};

/**
 * Leaves modules out, and has them imported from files beside the one that is made.
 *
 * @param {Readonly<Record<string, string>>} files by their names, the modules that they are made of
 * @returns {import("esbuild").Plugin}
 */
function besides(files) {
  const names = new Map(Object.entries(files).map(([name, module]) => [join(ROOT, module), `./${name}`]));
  return {
    name: "besides",
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir, kind }) => {
        const name = kind === "dynamic-import" ? names.get(join(resolveDir, path)) : undefined;
        return name === undefined ? undefined : { path: name, external: true };
      });
    },
  };
}

/**
 * Modules of Node that most runs of the command need nothing of are loaded when the first name of them is used.
 *
 * @returns {import("esbuild").Plugin}
 */
function laterBuiltins() {
  return {
    name: "later-builtins",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^node:(child_process|stream\/promises|worker_threads|zlib)$/ }, ({ path }) => ({
        path,
        namespace: "later",
      }));
      onLoad({ filter: /.*/, namespace: "later" }, async ({ path }) => {
        const members = Object.keys(await import(path)).map((name) => JSON.stringify(name));
        const contents = `for (const name of [${members}]) {
          const get = () => process.getBuiltinModule("${path}")[name];
          Object.defineProperty(exports, name, { get, enumerable: true });
        }`;
        return { contents };
      });
    },
  };
}

/**
 * @param {Readonly<Record<string, string>>} object
 * @param {(key: string) => string} change
 */
function mapKeys(object, change) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [change(key), value]));
}

/** Parts of zod that nobody here uses. */
const UNUSED_OF_ZOD = /node_modules\/zod\/v4\/(?:classic\/from-json-schema|locales\/(?!en\.))/;

/**
 * The library is loaded by programs that build once, and half of zod takes as long to load as to check what it is given.
 *
 * @param {import("esbuild").Metafile} metafile
 */
function refuseWholeOfZod({ outputs }) {
  for (const { inputs } of Object.values(outputs)) {
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      if (bytesInOutput === 0 || !UNUSED_OF_ZOD.test(file)) continue;
      throw new Error(`${file} goes into the bundle. Import zod as in: import * as z from "zod";`);
    }
  }
}

rmSync(OUT, { recursive: true, force: true });
const GROUPS = [BESIDE_PULUMI, PROGRAMS, COMMAND_START, COMMAND, LIBRARY, GUARDS];
const outcomes = await Promise.all(GROUPS.map((options) => build({ ...COMMON, ...options })));
for (const name of ["pulumi-resource-nullspace", START]) chmodSync(join(OUT, `${name}.js`), 0o755);
for (const { metafile } of outcomes) if (metafile) refuseWholeOfZod(metafile);
const inputs = outcomes.map(({ metafile }) => Object.keys(metafile?.inputs ?? {}));
writeFileSync(join(OUT, "LICENSES.txt"), bundledLicenses(ROOT, inputs.flat()));
// The library alone is packed with the service.
writeFileSync(join(LIBRARY.outdir, "LICENSES.txt"), bundledLicenses(ROOT, inputs[GROUPS.indexOf(LIBRARY)] ?? []));
