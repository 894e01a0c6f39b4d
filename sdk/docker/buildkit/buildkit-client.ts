import type { Duplex } from "node:stream";
import type { EngineHost } from "../engine-host.ts";
import { EngineConnectionLostError } from "../errors.ts";
import { GrpcChannel } from "../grpc/grpc-channel.ts";
import { type GrpcMethod, grpcMethod, RAW, type RequestOf, type ResponseOf } from "../grpc/grpc-method.ts";
import { GRPC_STATUS, GrpcStatusError } from "../grpc/grpc-status.ts";
import { tls } from "../node-http.ts";
import { ControlDefinition, type SolveRequest, type WorkerRecord } from "../protos/generated/control.ts";
import { MessageStream } from "./message-stream.ts";

/** What has the BuildKit. */
type BuildKitPeer = "Docker Engine" | "BuildKit daemon";

/** A method of the Control service. */
type MethodName = keyof (typeof ControlDefinition)["methods"];

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
    if (socket instanceof tls().TLSSocket && socket.alpnProtocol !== "h2") {
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
    const call = this.#channel.call(control("session"), headers);
    return new MessageStream(call, () => call.destroy());
  }

  /** What the daemon builds with. @throws GrpcStatusError `unimplemented` where there is no BuildKit */
  async listWorkers(signal: AbortSignal): Promise<WorkerRecord[]> {
    return (await this.ask("listWorkers", {}, signal)).record;
  }

  /** Builds. @returns what the exporter says of the result @throws GrpcStatusError with the builder's words */
  async solve(request: SolveRequest, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    return (await this.ask("solve", request, signal)).ExporterResponse;
  }

  /** The progress of a build, as the encoded StatusResponse messages that the daemon sends. */
  status(ref: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    return this.#stream({ ...control("status"), response: RAW }, { Ref: ref }, signal);
  }

  /** Calls a method of the Control service that answers with a stream. */
  listen<Name extends MethodName>(
    name: Name,
    request: RequestOf<ControlDefinition, Name>,
    signal: AbortSignal,
  ): AsyncGenerator<ResponseOf<ControlDefinition, Name>> {
    return this.#stream(control(name), request, signal);
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
  async ask<Name extends MethodName>(
    name: Name,
    request: RequestOf<ControlDefinition, Name>,
    signal: AbortSignal,
  ): Promise<ResponseOf<ControlDefinition, Name>> {
    const method = control(name);
    const call = this.#channel.call(method);
    using _cancel = cancelWith(call, signal);
    call.end(request);
    try {
      let response: ResponseOf<ControlDefinition, Name> | undefined;
      for await (const message of call) response = message as typeof response;
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

function control<Name extends MethodName>(name: Name) {
  return grpcMethod(ControlDefinition, name);
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
