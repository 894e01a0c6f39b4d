import { once } from "node:events";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { GrpcMethod } from "./grpc-method.ts";
import { frameMessages, MessageSplitter } from "./grpc-framing.ts";
import { GRPC_STATUS, GrpcStatusError } from "./grpc-status.ts";

/** A call that is answered here: messages both ways, with back-pressure. */
export class GrpcServerCall<Request, Response> {
  readonly #stream: ServerHttp2Stream;
  readonly #headers: IncomingHttpHeaders;
  readonly #method: GrpcMethod<Request, Response>;
  readonly #cancelled = new AbortController();

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, method: GrpcMethod<Request, Response>) {
    this.#stream = stream;
    this.#headers = headers;
    this.#method = method;
    const cancel = () => this.#cancelled.abort(this.#reason());
    stream.once("aborted", cancel);
    // After a call that ended as it should nobody listens any more.
    stream.once("close", cancel);
  }

  /** Aborts, with a GrpcStatusError, when the caller gives up or the connection breaks. */
  get signal(): AbortSignal {
    return this.#cancelled.signal;
  }

  /** A header of the call; several of one name are joined by a comma and a space. */
  header(name: string): string | undefined {
    const value = this.#headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  /** What the caller sends, until it has sent everything. @throws GrpcStatusError when it gives up before that */
  async *messages(): AsyncGenerator<Request> {
    const splitter = new MessageSplitter();
    try {
      for await (const chunk of this.#stream.iterator({ destroyOnReturn: false })) {
        for (const message of splitter.push(chunk as Buffer)) yield this.#method.request.decode(message);
      }
    } catch (error) {
      throw this.#isGone && !(error instanceof GrpcStatusError) ? this.#reason(error) : error;
    }
    if (this.#stream.aborted) throw this.#reason();
    splitter.end();
  }

  /**
   * Hands each message of the caller to `take` in the very turn in which it arrives. Where thousands of them say a few bytes
   * each, a promise for each takes longer than what is done with it.
   *
   * @returns when the caller has sent everything
   * @throws GrpcStatusError when it gives up before that; or what `take` throws, which is given no more then
   */
  receive(take: (message: Request) => void): Promise<void> {
    const stream = this.#stream;
    const splitter = new MessageSplitter();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onData = (chunk: Buffer): void => {
      try {
        for (const message of splitter.push(chunk)) take(this.#method.request.decode(message));
      } catch (error) {
        reject(error);
        stream.off("data", onData).pause();
      }
    };
    stream.once("end", () => {
      try {
        if (stream.aborted) throw this.#reason();
        splitter.end();
        resolve();
      } catch (error) {
        reject(error);
      }
    });
    const onAbort = () => reject(this.signal.reason);
    if (this.signal.aborted) onAbort();
    else this.signal.addEventListener("abort", onAbort, { once: true });
    stream.on("data", onData);
    return promise;
  }

  /**
   * Sends messages. Many small ones belong into one call: each goes through a dozen layers by itself.
   *
   * @returns when there is room for more
   * @throws GrpcStatusError when the caller has given up
   */
  async write(...messages: Response[]): Promise<void> {
    const { encode } = this.#method.response;
    const bytes = frameMessages(messages.map(encode));
    if (this.#isGone) throw this.#reason();
    if (!this.#stream.write(bytes)) await once(this.#stream, "drain", { signal: this.signal }).catch(this.#rethrow);
  }

  get #isGone(): boolean {
    return this.#stream.destroyed || this.#stream.closed || this.#stream.aborted;
  }

  /** `once` tells an abort in words of its own. */
  readonly #rethrow = (error: unknown): never => {
    throw this.signal.aborted ? this.signal.reason : error;
  };

  #reason(cause?: unknown): GrpcStatusError {
    return new GrpcStatusError(GRPC_STATUS.cancelled, "the caller has ended the call", cause);
  }
}
