import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import type { PackedPackage } from "./packed-package.ts";
import { repo } from "./pulumi-project.ts";

/**
 * Puts `nullspace-local` beside the packed package, as it is published: with the SDK inside, and links to its libraries.
 *
 * @returns its folder
 */
export function installService({ nodeModules }: PackedPackage): string {
  const dir = dirname(nodeModules);
  const pack = join(repo, "scripts", "pack-service.mjs");
  const archive = execFileSync(process.execPath, [pack, dir], { encoding: "utf8" }).trim();
  const own = join(nodeModules, "nullspace-local");
  mkdirSync(own);
  execFileSync("tar", ["-xzf", archive, "-C", own, "--strip-components=1"]);
  for (const name of Object.keys(serviceManifest(own).dependencies)) {
    if (existsSync(join(nodeModules, name))) continue;
    mkdirSync(dirname(join(nodeModules, name)), { recursive: true });
    const hoisted = join(repo, "node_modules", name);
    symlinkSync(existsSync(hoisted) ? hoisted : join(repo, "service", "node_modules", name), join(nodeModules, name));
  }
  return own;
}

/** What an installed service says of itself. */
export function serviceManifest(folder: string): {
  dependencies: Record<string, string>;
  exports: { ".": { types: Record<"default" | "require", string> } };
} {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as ReturnType<typeof serviceManifest>;
}
