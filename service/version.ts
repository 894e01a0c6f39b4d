import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";

/** Version of this package, from its package.json. */
export function serviceVersion(): string {
  const path = findPackageJSON(import.meta.url);
  if (path === undefined) throw new Error("package.json is missing from this installation");
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}
