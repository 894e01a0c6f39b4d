import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";
import type { GrpcMethod } from "./grpc-method.ts";
import { GrpcServerCall } from "./grpc-server-call.ts";
import { GRPC_STATUS, GrpcStatusError, writeGrpcStatus } from "./grpc-status.ts";
import { http2 } from "./node-http2.ts";

/** Archives of images come through here; HTTP/2's own 64 KiB would wait for the other end all the time. */
const STREAM_WINDOW_BYTES = 1024 * 1024;
const CONNECTION_WINDOW_BYTES = 4 * 1024 * 1024;
/** Megabytes. Node resets streams above its own limit of 10, which a context on its way to a slow peer is soon at. */
const MAX_SESSION_MEMORY = Number.MAX_SAFE_INTEGER;

/** A method with what answers it. */
export interface ServedMethod {
  readonly path: string;
  /** Answers one call. What it throws becomes the call's status. */
  serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void>;
}

/** A method that takes one message and gives one. */
export function unary<Request, Response>(
  method: GrpcMethod<Request, Response>,
  answer: (request: Request, call: GrpcServerCall<Request, Response>) => Promise<Response> | Response,
): ServedMethod {
  return streaming(method, async (call) => {
    for await (const request of call.messages()) return call.write(await answer(request, call));
    throw new GrpcStatusError(GRPC_STATUS.internal, "the call has no message");
  });
}

/** A method that takes a stream of messages and gives one. */
export function streaming<Request, Response>(
  method: GrpcMethod<Request, Response>,
  answer: (call: GrpcServerCall<Request, Response>) => Promise<void>,
): ServedMethod {
  return {
    path: method.path,
    serve: (stream, headers) => answer(new GrpcServerCall(stream, headers, method)),
  };
}

/**
 * Answers gRPC calls on one connection that is open already, such as one that the other end has turned around. It is not
 * the server of `@grpc/grpc-js`: that writes each message by itself, and a context is thousands of small ones.
 *
 * @returns ends the connection, and every call on it
 */
export function serveGrpc(socket: Duplex, methods: readonly ServedMethod[]): Disposable {
  const served = new Map(methods.map((method) => [method.path, method]));
  const session = http2().performServerHandshake(socket, {
    settings: { initialWindowSize: STREAM_WINDOW_BYTES },
    maxSessionMemory: MAX_SESSION_MEMORY,
  });
  // Not before the handshake has sent the settings.
  session.once("connect", () => {
    if (!session.destroyed) session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
  });
  // Every call fails with it by itself.
  session.on("error", () => session.destroy());
  session.on("stream", (stream, headers) => void respond(stream, headers, served.get(String(headers[":path"]))));
  return { [Symbol.dispose]: () => session.destroy() };
}

async function respond(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  method: ServedMethod | undefined,
): Promise<void> {
  // The call is told by its signal.
  stream.on("error", () => {});
  // Given up as soon as it was begun.
  if (stream.destroyed || stream.closed) return;
  let status: GrpcStatusError | "ok" = "ok";
  stream.once("wantTrailers", () => {
    if (!stream.destroyed) stream.sendTrailers(writeGrpcStatus(status));
  });
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  try {
    if (method === undefined)
      throw new GrpcStatusError(GRPC_STATUS.unimplemented, `there is no method ${String(headers[":path"])}`);
    await method.serve(stream, headers);
  } catch (error) {
    status =
      error instanceof GrpcStatusError
        ? error
        : new GrpcStatusError(GRPC_STATUS.unknown, error instanceof Error ? error.message : String(error), error);
  }
  if (stream.destroyed) return;
  stream.end();
  // What a caller still sends is of no more interest, and the call is over when it has been sent.
  stream.resume();
}
