import type { ClientHttp2Session } from "node:http2";
import type { Duplex } from "node:stream";
import { GrpcCall } from "./grpc-call.ts";
import type { GrpcMethod } from "./grpc-method.ts";
import { GRPC_STATUS, GrpcStatusError } from "./grpc-status.ts";
import { http2 } from "./node-http2.ts";

/** Archives of images come through here; HTTP/2's own 64 KiB would wait for the other end all the time. */
const STREAM_WINDOW_BYTES = 1024 * 1024;
const CONNECTION_WINDOW_BYTES = 4 * 1024 * 1024;
/** A peer that does not speak HTTP/2 says nothing at all, or nothing that is a frame. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/**
 * gRPC on one connection that is open already: a unix socket, TCP, TLS, or the pipes of an ssh command. That is why it is
 * not the client of `@grpc/grpc-js`, which opens its connections itself.
 */
export class GrpcChannel {
  readonly #session: ClientHttp2Session;
  readonly #moreHeaders: Readonly<Record<string, string>>;

  private constructor(session: ClientHttp2Session, moreHeaders: Readonly<Record<string, string>>) {
    this.#session = session;
    this.#moreHeaders = moreHeaders;
  }

  /**
   * Speaks HTTP/2 with prior knowledge (RFC 9113, section 3.3).
   *
   * @param authority name of the server, for its virtual hosts
   * @param moreHeaders headers of every call, by lower-case name; those that the call has itself win
   * @throws GrpcStatusError `unavailable` when the other end does not speak HTTP/2
   */
  static async open(
    socket: Duplex,
    authority: string,
    signal: AbortSignal,
    moreHeaders: Readonly<Record<string, string>> = {},
  ): Promise<GrpcChannel> {
    const session = http2().connect(`http://${authority}`, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
    });
    try {
      await handshake(session, socket, signal);
    } catch (error) {
      session.destroy();
      socket.destroy();
      throw error;
    }
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    // Every call fails with it by itself; without a listener it would end the process too.
    session.on("error", () => {});
    return new GrpcChannel(session, moreHeaders);
  }

  /** Begins a call. It fails, as a stream does, when the channel is broken. */
  call<Request, Response>(
    method: GrpcMethod<Request, Response>,
    headers: Record<string, string | string[]> = {},
  ): GrpcCall<Request, Response> {
    if (this.#session.destroyed || this.#session.closed) {
      throw new GrpcStatusError(GRPC_STATUS.unavailable, "the connection is closed");
    }
    const stream = this.#session.request({
      ...this.#moreHeaders,
      ...headers,
      ":method": "POST",
      ":path": method.path,
      "content-type": "application/grpc",
      te: "trailers",
    });
    return new GrpcCall(stream, method);
  }

  /** Closes the connection; calls under way fail. */
  close(): void {
    this.#session.destroy();
  }
}

/** The server's settings are its first frame: who sends them speaks HTTP/2, and has let us in. */
async function handshake(session: ClientHttp2Session, socket: Duplex, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (details: string, cause?: unknown) =>
    reject(new GrpcStatusError(GRPC_STATUS.unavailable, details, cause));
  const abort = () => reject(signal.reason as Error);
  const failed = (error: Error) => fail(error.message, error);
  const closed = () => fail("the connection was closed before the server spoke HTTP/2");
  const timer = setTimeout(() => fail(`no HTTP/2 within ${HANDSHAKE_TIMEOUT_MS} ms`), HANDSHAKE_TIMEOUT_MS);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  session.once("remoteSettings", () => resolve());
  session.on("error", failed);
  // A TLS server that wants another certificate says so after its handshake, and Node's session keeps it to itself.
  socket.on("error", failed);
  session.once("close", closed);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
    session.off("close", closed);
    // `failed` stays: an error of later on must not be nobody's.
  }
}
