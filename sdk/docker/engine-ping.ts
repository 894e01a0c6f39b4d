import { type ApiVersion, negotiateApiVersion } from "./api-version.ts";
import type { EngineResponse } from "./engine-transport.ts";

/** What an engine says of itself when pinged. */
export interface EnginePing {
  /** The API version that this client speaks with it. */
  apiVersion: ApiVersion;
  /** The newest API version that the engine speaks. */
  engineApiVersion: string;
  /** `linux` or `windows`. */
  osType: string;
  experimental: boolean;
  /** Builder that the engine prefers: `1` classic, `2` BuildKit; absent on old engines. */
  builderVersion?: string;
  /** Whether it is Podman that answers. */
  isPodman: boolean;
}

/**
 * Reads the headers with which an engine answers GET /_ping.
 *
 * @throws EngineProtocolError when it is no engine that answered; ApiVersionError when the engine is too old for this client
 */
export function readEnginePing(headers: EngineResponse["headers"]): EnginePing {
  const header = (name: string) => {
    const value = headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  const engineApiVersion = header("api-version") ?? "";
  const builderVersion = header("builder-version");
  return {
    apiVersion: negotiateApiVersion(engineApiVersion),
    engineApiVersion,
    osType: header("ostype") ?? "linux",
    experimental: header("docker-experimental") === "true",
    ...(builderVersion === undefined ? {} : { builderVersion }),
    isPodman: header("libpod-api-version") !== undefined || /libpod|podman/i.test(header("server") ?? ""),
  };
}
