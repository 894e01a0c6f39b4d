import type { ClientHttp2Stream } from "node:http2";
import { Duplex } from "node:stream";
import { frameMessages, MessageSplitter } from "./grpc-framing.ts";
import type { GrpcMethod } from "./grpc-method.ts";
import { GRPC_STATUS, type GrpcStatusError as StatusError, GrpcStatusError, readGrpcStatus } from "./grpc-status.ts";
import { http2 } from "./node-http2.ts";

/**
 * One gRPC call as a stream of messages both ways, with back-pressure. It ends when the server says OK, and fails with
 * GrpcStatusError for any other status. Destroying it cancels the call on the server.
 */
export class GrpcCall<Request, Response> extends Duplex {
  readonly #stream: ClientHttp2Stream;
  readonly #method: GrpcMethod<Request, Response>;
  #status: StatusError | "ok" | undefined;
  #isOver = false;

  constructor(stream: ClientHttp2Stream, method: GrpcMethod<Request, Response>) {
    super({ objectMode: true });
    this.#stream = stream;
    this.#method = method;
    const splitter = new MessageSplitter();
    stream.on("response", (headers) => {
      this.#status = readGrpcStatus(headers as Record<string, string>) ?? notGrpc(headers);
    });
    stream.on("trailers", (trailers) => (this.#status = readGrpcStatus(trailers as Record<string, string>)));
    stream.on("data", (chunk: Buffer) => {
      // The body of an answer that is not gRPC's has nothing to say here.
      if (this.#status instanceof GrpcStatusError) return;
      try {
        for (const message of splitter.push(chunk)) if (!this.push(method.response.decode(message))) stream.pause();
      } catch (error) {
        this.destroy(error as Error);
      }
    });
    stream.on("end", () => this.#finish(() => splitter.end()));
    stream.on("error", (error: Error) => this.destroy(unavailable(error.message, error)));
    stream.on("close", () => {
      if (!this.#isOver) this.destroy(unavailable(`the stream was reset (HTTP/2 code ${stream.rstCode})`));
    });
  }

  #finish(check: () => void): void {
    try {
      if (this.#status !== "ok") throw this.#status ?? unavailable("the connection ended before the call did");
      check();
      this.#isOver = true;
      this.push(null);
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  override _read(): void {
    this.#stream.resume();
  }

  override _write(message: Request, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    // What a server no longer reads it has answered already; its status says more than the broken pipe.
    if (this.#stream.destroyed || this.#stream.writableEnded) callback();
    else this.#stream.write(frameMessages([this.#method.request.encode(message)]), () => callback());
  }

  override _final(callback: () => void): void {
    if (!this.#stream.destroyed) this.#stream.end();
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#isOver = true;
    if (!this.#stream.closed) this.#stream.close(http2().constants.NGHTTP2_CANCEL);
    callback(error);
  }
}

/** An answer that is none of gRPC, such as the page of a proxy. `undefined` when it is one. */
function notGrpc(headers: Record<string, unknown>): StatusError | undefined {
  const status = headers[":status"];
  const type = headers["content-type"];
  if (status === 200 && String(type).startsWith("application/grpc")) return undefined;
  return new GrpcStatusError(GRPC_STATUS.unimplemented, `the answer is not gRPC (HTTP status ${String(status)})`);
}

function unavailable(details: string, cause?: unknown): GrpcStatusError {
  return new GrpcStatusError(GRPC_STATUS.unavailable, details, cause);
}
