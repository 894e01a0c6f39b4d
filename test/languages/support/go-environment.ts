import { execFileSync } from "node:child_process";

/** The generated module. */
export const GO_MODULE = "github.com/catamaran-research/pulumi-nullspace/sdk/go";

/** What a program in Go is built with: the machine's caches, since the home of a project under test is empty. */
export function goEnvironment(): Record<string, string> {
  const [gocache, gomodcache] = execFileSync("go", ["env", "GOCACHE", "GOMODCACHE"], { encoding: "utf8" }).split("\n");
  return { GOCACHE: gocache!, GOMODCACHE: gomodcache!, GOFLAGS: "-mod=mod", GOWORK: "off" };
}
