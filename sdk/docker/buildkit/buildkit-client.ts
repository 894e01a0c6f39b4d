import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { ServiceDefinition } from "@grpc/grpc-js";
import type { EngineHost } from "../engine-host.ts";
import { EngineConnectionLostError } from "../errors.ts";
import { GrpcChannel } from "../grpc/grpc-channel.ts";
import type { GrpcCall, GrpcCodec } from "../grpc/grpc-call.ts";
import { GRPC_STATUS, GrpcStatusError } from "../grpc/grpc-status.ts";
import { loadService } from "../session/session-service.ts";
import { CONTROL_PROTO } from "./control-proto.ts";
import { type BytesMessage, MessageStream } from "./message-stream.ts";

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

/** One worker of a daemon. */
export interface BuildKitWorker {
  ID: string;
  Labels: Record<string, string>;
}

/** The Control service of one BuildKit, be it a daemon of its own or the one in an engine. */
export class BuildKitClient implements Disposable {
  /** The address, for errors. */
  readonly address: string;
  readonly #channel: GrpcChannel;
  readonly #service: ServiceDefinition = loadService(CONTROL_PROTO, "moby.buildkit.v1.Control");

  private constructor(address: string, channel: GrpcChannel) {
    this.address = address;
    this.#channel = channel;
  }

  /**
   * Connects to the BuildKit at `host`.
   *
   * @param dial opens the connection
   * @throws what `dial` throws; GrpcStatusError (`unavailable`) when what is there does not speak HTTP/2, or not with us
   */
  static async connect(host: EngineHost, dial: () => Promise<Duplex>, signal: AbortSignal): Promise<BuildKitClient> {
    signal.throwIfAborted();
    const socket = await dial();
    if (socket instanceof TLSSocket && socket.alpnProtocol !== "h2") {
      socket.destroy();
      throw new GrpcStatusError(GRPC_STATUS.unavailable, "the server does not speak HTTP/2 over TLS");
    }
    return new BuildKitClient(host.display, await GrpcChannel.open(socket, authorityOf(host), signal));
  }

  /** A connection on which the daemon is the client of a session. */
  session(headers: Record<string, string | string[]>): Duplex {
    const call = this.#call<BytesMessage, BytesMessage>("Session", headers);
    return new MessageStream(call, () => call.destroy());
  }

  /** What the daemon builds with. @throws GrpcStatusError `unimplemented` where there is no BuildKit */
  async listWorkers(signal: AbortSignal): Promise<BuildKitWorker[]> {
    return (await this.#unary<object, { record: BuildKitWorker[] }>("ListWorkers", {}, signal)).record;
  }

  /** Builds. @returns what the exporter says of the result @throws GrpcStatusError with the builder's words */
  async solve(request: SolveRequest, signal: AbortSignal): Promise<Record<string, string>> {
    type Response = { ExporterResponse: Record<string, string> };
    return (await this.#unary<SolveRequest, Response>("Solve", request, signal)).ExporterResponse;
  }

  /** The progress of a build, as the encoded StatusResponse messages that the daemon sends. */
  async *status(ref: string, signal: AbortSignal): AsyncGenerator<Buffer> {
    const { path, codec } = this.#method<{ Ref: string }, never>("Status");
    const call = this.#channel.call<{ Ref: string }, Buffer>(path, { encode: codec.encode, decode: (bytes) => bytes });
    using _cancel = cancelWith(call, signal);
    call.end({ Ref: ref });
    try {
      for await (const message of call) yield message as Buffer;
    } catch (error) {
      throw this.#translate(error, path, signal);
    }
  }

  /** Closes the connection; what is under way on it fails. */
  [Symbol.dispose](): void {
    this.#channel.close();
  }

  async #unary<Request, Response>(name: string, request: Request, signal: AbortSignal): Promise<Response> {
    const { path, codec } = this.#method<Request, Response>(name);
    const call = this.#channel.call(path, codec);
    using _cancel = cancelWith(call, signal);
    call.end(request);
    try {
      let response: Response | undefined;
      for await (const message of call) response = message as Response;
      if (response === undefined) throw new GrpcStatusError(GRPC_STATUS.internal, `${path} was answered with nothing`);
      return response;
    } catch (error) {
      throw this.#translate(error, path, signal);
    }
  }

  #call<Request, Response>(name: string, headers: Record<string, string | string[]>): GrpcCall<Request, Response> {
    const { path, codec } = this.#method<Request, Response>(name);
    return this.#channel.call(path, codec, headers);
  }

  #method<Request, Response>(name: string): { path: string; codec: GrpcCodec<Request, Response> } {
    const method = this.#service[name];
    if (method === undefined) throw new TypeError(`The Control service has no ${name}.`);
    const { path, requestSerialize, responseDeserialize } = method;
    return { path, codec: { encode: requestSerialize, decode: responseDeserialize } };
  }

  #translate(error: unknown, path: string, signal: AbortSignal): unknown {
    if (signal.aborted) return signal.reason;
    const isLost = error instanceof GrpcStatusError && error.code === GRPC_STATUS.unavailable;
    return isLost ? new EngineConnectionLostError(this.address, path, error) : error;
  }
}

/** Over a unix socket there is no host name to send, and Go's server wants a valid one. */
function authorityOf(host: EngineHost): string {
  if (host.kind !== "tcp") return "localhost";
  return `${host.hostname.includes(":") ? `[${host.hostname}]` : host.hostname}:${host.port}`;
}

function cancelWith(call: { destroy(error: Error): unknown }, signal: AbortSignal): Disposable {
  const cancel = () => call.destroy(signal.reason as Error);
  if (signal.aborted) cancel();
  signal.addEventListener("abort", cancel, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", cancel) };
}
