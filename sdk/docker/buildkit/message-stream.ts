import { Duplex } from "node:stream";
import type { BytesMessage } from "../protos/generated/bytes-message.ts";

/** A gRPC stream of BytesMessage. */
export interface BytesCall {
  on(event: "data", listener: (message: BytesMessage) => void): unknown;
  on(event: "end" | "close", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  write(message: BytesMessage, callback: (error?: Error | null) => void): unknown;
  end(): unknown;
  pause(): unknown;
  resume(): unknown;
}

/** gRPC refuses messages of more than 4 MiB by default; larger writes go in pieces. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** A gRPC stream of bytes as a Node stream, with back-pressure both ways. */
export class MessageStream extends Duplex {
  readonly #call: BytesCall;
  readonly #cancel: () => void;

  /** @param cancel ends the call at once, in both directions */
  constructor(call: BytesCall, cancel: () => void) {
    super();
    this.#call = call;
    this.#cancel = cancel;
    call.on("data", ({ data }) => {
      if (!this.push(data)) call.pause();
    });
    call.on("end", () => this.push(null));
    call.on("error", (error) => this.destroy(error));
  }

  override _read(): void {
    this.#call.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    const piece = chunk.subarray(0, MAX_MESSAGE_BYTES);
    const rest = chunk.subarray(MAX_MESSAGE_BYTES);
    this.#call.write({ data: piece }, (error) => {
      if (error || rest.length === 0) callback(error);
      else this._write(rest, _encoding, callback);
    });
  }

  override _final(callback: () => void): void {
    this.#call.end();
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#cancel();
    callback(error);
  }
}
