import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";

/** `pulumi-nullspace/<version> node/<version>`, for the service's logs. */
export function userAgent(): string {
  const file = findPackageJSON(import.meta.url);
  const version: unknown = file && JSON.parse(readFileSync(file, "utf8")).version;
  return `pulumi-nullspace/${typeof version === "string" ? version : "unknown"} node/${process.versions.node}`;
}
