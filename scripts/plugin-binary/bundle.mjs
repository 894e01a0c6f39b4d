import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { build } from "esbuild";
import { bundledLicenses } from "../bundled-licenses.mjs";

/** What is in the folder after {@link bundleExecutable}. */
export const BUNDLED = {
  main: "main.cjs",
  worker: "worker.cjs",
  licenses: "LICENSES.txt",
  sbom: "sbom.json",
};

/**
 * Puts the plugin, with all libraries, into one file, and the thread that reads contexts into another: an executable runs
 * one file, which is CommonJS, and has no folder to load others from.
 *
 * @param {{ root: string, folder: string }} options `root`: the clone, whose sources are compiled; `folder`: where the files go
 */
export async function bundleExecutable({ root, folder }) {
  const { cyclonedxEsbuildPlugin } = createRequire(import.meta.url)("@cyclonedx/cyclonedx-esbuild");
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: {
      main: "dist/bin/plugin-executable.js",
      worker: "dist/sdk/context/thread/worker.js",
    },
    outdir: folder,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node24",
    define: { "import.meta.url": "urlOfExecutable" },
    banner: { js: 'const urlOfExecutable = require("node:url").pathToFileURL(process.execPath).href;' },
    metafile: true,
    legalComments: "none",
    logLevel: "warning",
    plugins: [
      cyclonedxEsbuildPlugin({
        specVersion: "1.6",
        outputFile: join(folder, BUNDLED.sbom),
        outputReproducible: true,
        logLevel: "warning",
        validate: false,
      }),
    ],
  });
  writeFileSync(join(folder, BUNDLED.licenses), bundledLicenses(root, Object.keys(metafile.inputs)));
}
