import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { repo } from "../../e2e/support/pulumi-project.ts";

/** The commands of our packages, and where the build leaves them. */
const COMMANDS = {
  "pulumi-resource-nullspace": "dist/bundle/pulumi-resource-nullspace.js",
  "pulumi-nullspace": "dist/bundle/pulumi-nullspace.js",
  "nullspace-local": "service/dist/bin/nullspace-local.js",
} as const;

/** Puts our commands into a folder, for PATH or for npx. */
export function linkCommands(folder: string): void {
  for (const [command, file] of Object.entries(COMMANDS)) {
    const target = join(repo, file);
    if (!existsSync(target)) throw new Error(`${target} is missing: run \`npm run build\``);
    chmodSync(target, 0o755);
    symlinkSync(target, join(folder, command));
  }
}

/** Makes a folder `node_modules` as `npm ci` makes it in an example: the packages, and the commands that npx runs. */
export function linkPackages(folder: string): void {
  mkdirSync(join(folder, ".bin"), { recursive: true });
  for (const name of readdirSync(join(repo, "node_modules"))) {
    if (!name.startsWith(".")) symlinkSync(join(repo, "node_modules", name), join(folder, name));
  }
  linkCommands(join(folder, ".bin"));
}
