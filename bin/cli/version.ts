import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";

/** The version of this package, from the package.json that these files belong to (in sources and in `dist`). */
export function packageVersion(): string {
  const file = findPackageJSON(import.meta.url);
  const version: unknown = file && JSON.parse(readFileSync(file, "utf8")).version;
  return typeof version === "string" ? version : "unknown";
}
