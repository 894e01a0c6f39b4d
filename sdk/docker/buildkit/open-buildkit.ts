import type { BuildKitDaemon } from "./buildkit-options.ts";
import { compareApiVersions } from "../api-version.ts";
import { dialEngine } from "../connection.ts";
import type { EnginePing } from "../engine-ping.ts";
import type { EngineTransport } from "../engine-transport.ts";
import { BuildKitUnreachableError, EngineUnreachableError } from "../errors.ts";
import { GRPC_STATUS, GrpcStatusError } from "../grpc/grpc-status.ts";
import type { WorkerRecord } from "../protos/generated/control.ts";
import { tlsReason } from "../tls-reason.ts";
import { parseBuildKitAddress } from "./buildkit-address.ts";
import { BuildKitClient } from "./buildkit-client.ts";

/** First API version whose engines are asked for gRPC on their own socket: it deprecates POST /session and /grpc. */
export const GRPC_API_VERSION = "1.53";

/** The BuildKit inside an engine. */
export interface EngineBuildKit {
  client: BuildKitClient;
  worker: WorkerRecord | undefined;
}

/** Connects to a BuildKit daemon of its own. @throws BuildKitUnreachableError when none answers */
export async function openDaemon({ address, tls }: BuildKitDaemon, signal: AbortSignal): Promise<BuildKitClient> {
  const host = parseBuildKitAddress(address, tls !== undefined);
  try {
    return await BuildKitClient.connect(host, "BuildKit daemon", () => dialEngine(host, tls, "h2"), signal);
  } catch (error) {
    if (error instanceof EngineUnreachableError) throw new BuildKitUnreachableError(address, error.reason, error.cause);
    if (error instanceof GrpcStatusError) {
      throw new BuildKitUnreachableError(address, tlsReason(error.cause) ?? error.details, error.cause ?? error);
    }
    throw error;
  }
}

/**
 * Connects to the BuildKit of an engine that serves it as gRPC on the socket of its API. Whether it does is found out by
 * asking: a proxy before the engine may know HTTP/1.1 alone.
 *
 * @returns `undefined` where the engine, or what stands before it, does not
 */
export async function openEngineBuildKit(
  transport: EngineTransport,
  { apiVersion }: EnginePing,
  signal: AbortSignal,
): Promise<EngineBuildKit | undefined> {
  if (compareApiVersions(apiVersion, GRPC_API_VERSION) < 0) return undefined;
  let client: BuildKitClient | undefined;
  try {
    client = await BuildKitClient.connect(
      transport.host,
      "Docker Engine",
      () => transport.dial("h2"),
      signal,
      transport.moreHeaders,
    );
    const [worker] = await client.listWorkers(signal);
    return { client, worker };
  } catch (error) {
    client?.[Symbol.dispose]();
    if (error instanceof GrpcStatusError && ABSENT.has(error.code)) return undefined;
    throw error;
  }
}

/** No HTTP/2 at all, or HTTP/2 without this service. */
const ABSENT = new Set<number>([GRPC_STATUS.unavailable, GRPC_STATUS.unimplemented]);
