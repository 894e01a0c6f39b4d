import { readFileSync } from "node:fs";
// By its default export: a name that an older Node does not export would stop it before it could say that it is too old.
import nodeModule from "node:module";

/** The version of this package, from the package.json that these files belong to (in sources and in `dist`). */
export function packageVersion(): string {
  const file = nodeModule.findPackageJSON(import.meta.url);
  const version: unknown = file && JSON.parse(readFileSync(file, "utf8")).version;
  return typeof version === "string" ? version : "unknown";
}

/** `pulumi-nullspace/<version> node/<version>`, for the service's logs. */
export function userAgent(): string {
  return `pulumi-nullspace/${packageVersion()} node/${process.versions.node}`;
}
