import "./require-node.ts";
import type { LocalService, LocalServiceOptions } from "./local-service.ts";

export { StartupError } from "./errors.ts";
export type { LocalService, LocalServiceOptions, RunningService } from "./local-service.ts";
export type { KubernetesOptions, Toleration } from "./parts/kubernetes-options.ts";
export type { StorageLimits } from "./templates/storage-limits.ts";
export type { TlsFiles } from "./tls-options.ts";

/**
 * Starts a Nullspace service on this machine.
 *
 * @example
 * ```ts
 * const service = await startLocalService({ port: 0, dataDirectory: "./data" });
 * process.env.NULLSPACE_API_URL = service.url;
 * ```
 *
 * @throws StartupError with a code: the data directory is in use, the port is taken, an option is wrong
 */
export async function startLocalService(options: LocalServiceOptions = {}): Promise<LocalService> {
  // Not before `require-node` has asked: a Node without `node:sqlite` could not load it.
  const service = await import("./local-service.ts");
  return service.startLocalService(options);
}
