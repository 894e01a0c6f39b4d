#!/usr/bin/env node
/**
 * Builds the container image of `nullspace-local`, with this repository's own client of the Docker Engine: the packed service, as
 * npm installs it, on Node's official image.
 *
 *   npm run build && node scripts/service-image.mjs --tag nullspace-local:0.1.0 [--base node:24.21.0-bookworm-slim]
 *
 * With `--buildkit ADDRESS` a BuildKit daemon builds it and pushes it under its name, and there need be no engine.
 *
 * Prints what the engine prints; the exit code is that of `pulumi-nullspace docker build`.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: { tag: { type: "string" }, base: { type: "string" }, buildkit: { type: "string" } },
});
if (values.tag === undefined) {
  console.error("usage: node scripts/service-image.mjs --tag NAME [--base IMAGE] [--buildkit ADDRESS]");
  process.exit(2);
}

const context = mkdtempSync(join(tmpdir(), "nullspace-image-"));
try {
  const archive = execFileSync(process.execPath, [join(ROOT, "scripts", "pack-service.mjs"), context], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  }).trim();
  writeFileSync(join(context, "package.json"), '{ "private": true }\n');
  const install = ["install", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", archive];
  execFileSync("npm", install, { cwd: context, stdio: ["ignore", "ignore", "inherit"] });
  cpSync(join(ROOT, "deploy", "image", "Dockerfile"), join(context, "Dockerfile"));
  writeFileSync(join(context, ".dockerignore"), "*\n!node_modules\n");
  const command = join(ROOT, "dist", "bundle", "pulumi-nullspace.js");
  const base = values.base === undefined ? [] : ["--build-arg", `BASE=${values.base}`];
  const pushed = `type=image,name=${values.tag},push=true`;
  const place =
    values.buildkit === undefined ? ["--tag", values.tag] : ["--buildkit", values.buildkit, "--output", pushed];
  const build = ["docker", "build", context, ...place, "--progress", "plain", ...base];
  process.exitCode = spawnSync(process.execPath, [command, ...build], { stdio: "inherit" }).status ?? 1;
} finally {
  rmSync(context, { recursive: true, force: true });
}
