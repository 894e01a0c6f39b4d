import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// By the package's own name, so that it is found from the sources and from what is built of them.
const require = createRequire(import.meta.url);

/** Version of this package. */
export function packageVersion(): string {
  return (require("pulumi-nullspace/package.json") as { version: string }).version;
}

/** Text of the package schema. */
export function packageSchema(): string {
  return readFileSync(require.resolve("pulumi-nullspace/schema.json"), "utf8");
}
