import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { repo } from "./pulumi-project.ts";

/** A `node_modules` folder that holds this package as npm would install it, and links to all others. */
export interface PackedPackage extends Disposable {
  nodeModules: string;
}

/**
 * Packs the package as it would be published, under a version of the test's choice, and unpacks it.
 *
 * @param beside names of the packages beside it; default: all that are installed here
 */
export function installPacked(version: string, beside: readonly string[] = installedHere()): PackedPackage {
  const dir = mkdtempSync(join(tmpdir(), "nullspace-packed-"));
  const nodeModules = join(dir, "node_modules");
  const own = join(nodeModules, "pulumi-nullspace");
  mkdirSync(own, { recursive: true });
  for (const name of beside) {
    mkdirSync(dirname(join(nodeModules, name)), { recursive: true });
    symlinkSync(join(repo, "node_modules", name), join(nodeModules, name));
  }
  const packed = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", dir], {
    cwd: repo,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const answer = JSON.parse(packed) as { filename: string }[] | Record<string, { filename: string }>;
  const [tarball] = Object.values(answer);
  if (!tarball) throw new Error(`npm pack named no file: ${packed}`);
  execFileSync("tar", ["-xzf", join(dir, tarball.filename), "-C", own, "--strip-components=1"]);
  const manifest = join(own, "package.json");
  const content = JSON.parse(readFileSync(manifest, "utf8")) as { bin: Record<string, string> };
  writeFileSync(manifest, JSON.stringify({ ...content, version }));
  // As npm links the commands of a package.
  mkdirSync(join(nodeModules, ".bin"));
  for (const [name, file] of Object.entries(content.bin)) {
    chmodSync(join(own, file), 0o755);
    symlinkSync(join("..", "pulumi-nullspace", file), join(nodeModules, ".bin", name));
  }
  return {
    nodeModules,
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
}

function installedHere(): string[] {
  const own = [".bin", "pulumi-nullspace", "nullspace-local"];
  return readdirSync(join(repo, "node_modules")).filter((name) => !own.includes(name));
}
