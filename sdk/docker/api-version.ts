import { ApiVersionError, EngineProtocolError } from "./errors.ts";

/** A Docker Engine API version, such as `1.41`. */
export type ApiVersion = string;

/** The newest API version that this client was written against; a newer engine is spoken to in this one. */
export const NEWEST_API_VERSION: ApiVersion = "1.56";

/** The oldest API version that this client speaks (Engine 1.12). */
export const OLDEST_API_VERSION: ApiVersion = "1.24";

/** Compares two API versions by number: `1.9` is older than `1.41`. Negative when `a` is older. */
export function compareApiVersions(a: ApiVersion, b: ApiVersion): number {
  const [majorA = 0, minorA = 0] = a.split(".").map(Number);
  const [majorB = 0, minorB = 0] = b.split(".").map(Number);
  return majorA - majorB || minorA - minorB;
}

/** The version to speak with an engine whose newest is `engineVersion`. */
export function negotiateApiVersion(engineVersion: string): ApiVersion {
  if (!/^\d+\.\d+$/.test(engineVersion)) {
    throw new EngineProtocolError(
      `What answers is not a Docker Engine: its API version is ${JSON.stringify(engineVersion)}.`,
    );
  }
  if (compareApiVersions(engineVersion, OLDEST_API_VERSION) < 0) {
    throw new ApiVersionError("This client", OLDEST_API_VERSION, engineVersion);
  }
  return compareApiVersions(engineVersion, NEWEST_API_VERSION) > 0 ? NEWEST_API_VERSION : engineVersion;
}

/** @throws ApiVersionError when `actual` is older than `required` */
export function requireApiVersion(feature: string, required: ApiVersion, actual: ApiVersion): void {
  if (compareApiVersions(actual, required) < 0) throw new ApiVersionError(feature, required, actual);
}
