import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { EngineHost } from "../engine-host.ts";
import { EngineConnectionLostError } from "../errors.ts";
import { GrpcChannel } from "../grpc/grpc-channel.ts";
import { type GrpcMethod, loadMethod, RAW } from "../grpc/grpc-method.ts";
import { GRPC_STATUS, GrpcStatusError } from "../grpc/grpc-status.ts";
import type { BytesMessage } from "../session/session-proto.ts";
import { CONTROL_PROTO } from "./control-proto.ts";
import { MessageStream } from "./message-stream.ts";

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

/** What has the BuildKit. */
type BuildKitPeer = "Docker Engine" | "BuildKit daemon";

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
  readonly #peer: BuildKitPeer;

  private constructor(address: string, peer: BuildKitPeer, channel: GrpcChannel) {
    this.address = address;
    this.#peer = peer;
    this.#channel = channel;
  }

  /**
   * Connects to the BuildKit at `host`.
   *
   * @param peer what is there, for errors
   * @param dial opens the connection
   * @param moreHeaders headers of every call, by lower-case name
   * @throws what `dial` throws; GrpcStatusError (`unavailable`) when what is there does not speak HTTP/2, or not with us
   */
  static async connect(
    host: EngineHost,
    peer: BuildKitPeer,
    dial: () => Promise<Duplex>,
    signal: AbortSignal,
    moreHeaders: Readonly<Record<string, string>> = {},
  ): Promise<BuildKitClient> {
    signal.throwIfAborted();
    const socket = await dial();
    if (socket instanceof TLSSocket && socket.alpnProtocol !== "h2") {
      socket.destroy();
      throw new GrpcStatusError(GRPC_STATUS.unavailable, "the server does not speak HTTP/2 over TLS");
    }
    return new BuildKitClient(
      host.display,
      peer,
      await GrpcChannel.open(socket, authorityOf(host), signal, moreHeaders),
    );
  }

  /** A connection on which the daemon is the client of a session. */
  session(headers: Record<string, string | string[]>): Duplex {
    const call = this.#channel.call(control<BytesMessage, BytesMessage>("Session"), headers);
    return new MessageStream(call, () => call.destroy());
  }

  /** What the daemon builds with. @throws GrpcStatusError `unimplemented` where there is no BuildKit */
  async listWorkers(signal: AbortSignal): Promise<BuildKitWorker[]> {
    return (await this.ask<object, { record: BuildKitWorker[] }>("ListWorkers", {}, signal)).record;
  }

  /** Builds. @returns what the exporter says of the result @throws GrpcStatusError with the builder's words */
  async solve(request: SolveRequest, signal: AbortSignal): Promise<Record<string, string>> {
    type Response = { ExporterResponse: Record<string, string> };
    return (await this.ask<SolveRequest, Response>("Solve", request, signal)).ExporterResponse;
  }

  /** The progress of a build, as the encoded StatusResponse messages that the daemon sends. */
  status(ref: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    return this.#stream({ ...control<{ Ref: string }, object>("Status"), response: RAW }, { Ref: ref }, signal);
  }

  /** Calls a method of the Control service that answers with a stream. */
  listen<Request, Response>(name: string, request: Request, signal: AbortSignal): AsyncGenerator<Response> {
    return this.#stream(control<Request, Response>(name), request, signal);
  }

  /** Closes the connection; what is under way on it fails. */
  [Symbol.dispose](): void {
    this.#channel.close();
  }

  async *#stream<Request, Response>(
    method: GrpcMethod<Request, Response>,
    request: Request,
    signal: AbortSignal,
  ): AsyncGenerator<Response> {
    const call = this.#channel.call(method);
    using _cancel = cancelWith(call, signal);
    call.end(request);
    try {
      for await (const message of call) yield message as Response;
    } catch (error) {
      throw this.#translate(error, method.path, signal);
    }
  }

  /** Calls a method of the Control service that answers once. @throws GrpcStatusError with the daemon's words */
  async ask<Request, Response>(name: string, request: Request, signal: AbortSignal): Promise<Response> {
    const method = control<Request, Response>(name);
    const call = this.#channel.call(method);
    using _cancel = cancelWith(call, signal);
    call.end(request);
    try {
      let response: Response | undefined;
      for await (const message of call) response = message as Response;
      if (response === undefined)
        throw new GrpcStatusError(GRPC_STATUS.internal, `${method.path} was answered with nothing`);
      return response;
    } catch (error) {
      throw this.#translate(error, method.path, signal);
    }
  }

  #translate(error: unknown, path: string, signal: AbortSignal): unknown {
    if (signal.aborted) return signal.reason;
    const isLost = error instanceof GrpcStatusError && error.code === GRPC_STATUS.unavailable;
    return isLost ? new EngineConnectionLostError(this.address, path, error, this.#peer) : error;
  }
}

function control<Request, Response>(name: string): GrpcMethod<Request, Response> {
  return loadMethod(CONTROL_PROTO, "moby.buildkit.v1.Control", name);
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
