import {
  type ClientReadableStream,
  type ClientUnaryCall,
  connectivityState,
  credentials,
  Client,
  Metadata,
  type ServiceDefinition,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import type { Duplex } from "node:stream";
import type { EngineTls } from "../engine-tls.ts";
import { BuildKitUnreachableError, EngineConnectionLostError } from "../errors.ts";
import { loadService } from "../session/session-service.ts";
import { parseBuildKitAddress } from "./buildkit-address.ts";
import { CONTROL_PROTO } from "./control-proto.ts";
import { type BytesCall, MessageStream } from "./message-stream.ts";

/** A Solve request with the members that are used here. */
export interface SolveRequest {
  Ref: string;
  Session: string;
  Frontend: string;
  FrontendAttrs: Record<string, string>;
  Cache: { Exports: CacheEntry[]; Imports: CacheEntry[] };
  Entitlements: string[];
  Exporters: { Type: string; Attrs: Record<string, string> }[];
  ExporterDeprecated: string;
  ExporterAttrsDeprecated: Record<string, string>;
}

interface CacheEntry {
  Type: string;
  Attrs: Record<string, string>;
}

/** A daemon that does not accept a connection within this time counts as unreachable. */
const CONNECT_TIMEOUT_MS = 10_000;

/** The Control service of one BuildKit daemon. */
export class BuildKitClient {
  readonly #client: Client;
  readonly #service: ServiceDefinition = loadService(CONTROL_PROTO, "moby.buildkit.v1.Control");
  readonly #address: string;

  /** @param address `unix:///path/buildkitd.sock` or `tcp://host:port` */
  constructor(address: string, tls?: EngineTls) {
    this.#address = address;
    const { target, serverName } = parseBuildKitAddress(address);
    const secure =
      tls &&
      credentials.createSsl(bytes(tls.ca), bytes(tls.key), bytes(tls.cert), {
        rejectUnauthorized: tls.rejectUnauthorized ?? true,
      });
    this.#client = new Client(target, secure ?? credentials.createInsecure(), {
      "grpc.max_receive_message_length": -1,
      // Over a unix socket there is no host name to send, and Go's server wants a valid one.
      ...(serverName === undefined ? { "grpc.default_authority": "localhost" } : {}),
    });
  }

  /** @throws BuildKitUnreachableError when no daemon answers */
  connect(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    const channel = this.#client.getChannel();
    const deadline = Date.now() + CONNECT_TIMEOUT_MS;
    // gRPC would try again until the deadline; a daemon that turns away the first time is down or not meant for us.
    const look = (failure?: Error) => {
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) resolve();
      else if (failure || state === connectivityState.TRANSIENT_FAILURE) {
        reject(new BuildKitUnreachableError(this.#address, failure));
      } else channel.watchConnectivityState(state, deadline, look);
    };
    look();
    return promise.finally(() => signal.removeEventListener("abort", abort));
  }

  /** A connection on which the daemon is the client of a session. */
  session(headers: Record<string, string | string[]>): Duplex {
    const metadata = new Metadata();
    for (const [name, values] of Object.entries(headers))
      for (const value of [values].flat()) metadata.add(name, value);
    const { path, requestSerialize, responseDeserialize } = this.#method("Session");
    const call = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
    return new MessageStream(call as unknown as BytesCall, () => call.cancel());
  }

  /** Builds. @returns what the exporter says of the result @throws ServiceError with the builder's words */
  solve(request: SolveRequest, signal: AbortSignal): Promise<Record<string, string>> {
    const { path, requestSerialize, responseDeserialize } = this.#method("Solve");
    const { promise, resolve, reject } = Promise.withResolvers<Record<string, string>>();
    const call: ClientUnaryCall = this.#client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      (error: ServiceError | null, response?: { ExporterResponse: Record<string, string> }) => {
        if (error) reject(this.#translate(error, path, signal));
        else resolve(response?.ExporterResponse ?? {});
      },
    );
    const cancel = () => call.cancel();
    if (signal.aborted) cancel();
    signal.addEventListener("abort", cancel, { once: true });
    return promise.finally(() => signal.removeEventListener("abort", cancel));
  }

  /** The progress of a build, as the encoded StatusResponse messages that the daemon sends. */
  async *status(ref: string, signal: AbortSignal): AsyncGenerator<Buffer> {
    const { path, requestSerialize } = this.#method("Status");
    const call: ClientReadableStream<Buffer> = this.#client.makeServerStreamRequest(
      path,
      requestSerialize,
      (message) => message,
      { Ref: ref },
    );
    const cancel = () => call.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      for await (const message of call) yield message as Buffer;
    } catch (error) {
      throw this.#translate(error, path, signal);
    } finally {
      signal.removeEventListener("abort", cancel);
      call.cancel();
    }
  }

  close(): void {
    this.#client.close();
  }

  #method(name: string) {
    const method = this.#service[name];
    if (method === undefined) throw new TypeError(`The Control service has no ${name}.`);
    return method;
  }

  #translate(error: unknown, path: string, signal: AbortSignal): unknown {
    if (signal.aborted) return signal.reason;
    const code = (error as Partial<ServiceError>).code;
    return code === status.UNAVAILABLE ? new EngineConnectionLostError(this.#address, path, error) : error;
  }
}

function bytes(pem: string | Buffer | undefined): Buffer | null {
  return pem === undefined ? null : Buffer.from(pem);
}
