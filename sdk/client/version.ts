import { packageFile } from "../package-file.ts";

/** The version of this package, from its package.json. */
export function packageVersion(): string {
  const manifest = packageFile("package.json");
  const version: unknown = manifest && (JSON.parse(manifest) as { version?: unknown }).version;
  return typeof version === "string" ? version : "unknown";
}

/** `pulumi-nullspace/<version> node/<version>`, for the service's logs. */
export function userAgent(): string {
  return `pulumi-nullspace/${packageVersion()} node/${process.versions.node}`;
}
