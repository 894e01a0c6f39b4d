import { GRPC_STATUS, GrpcStatusError } from "./grpc-status.ts";

/** One byte that says whether the message is compressed, four for its length (grpc, doc/PROTOCOL-HTTP2.md). */
const PREFIX_BYTES = 5;
/** BuildKit's own limit is 16 MiB (containerd, defaults.DefaultMaxRecvMsgSize); memory must not follow a broken length. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** Messages as they travel, one after the other in one buffer. */
export function frameMessages(messages: readonly Uint8Array[]): Buffer {
  const frames = Buffer.allocUnsafe(messages.reduce((sum, { length }) => sum + PREFIX_BYTES + length, 0));
  let at = 0;
  for (const message of messages) {
    frames.writeUInt8(0, at);
    frames.writeUInt32BE(message.length, at + 1);
    frames.set(message, at + PREFIX_BYTES);
    at += PREFIX_BYTES + message.length;
  }
  return frames;
}

/** Cuts a stream of bytes into messages, however the bytes arrive. */
export class MessageSplitter {
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** The messages that `chunk` completes. @throws GrpcStatusError for what this client cannot read */
  *push(chunk: Buffer): Generator<Buffer> {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    for (let length = this.#nextLength(); length !== undefined; length = this.#nextLength()) {
      const all = this.#joined();
      yield all.subarray(PREFIX_BYTES, PREFIX_BYTES + length);
      this.#chunks = [all.subarray(PREFIX_BYTES + length)];
      this.#bytes -= PREFIX_BYTES + length;
    }
  }

  /** @throws GrpcStatusError when the stream ended inside a message */
  end(): void {
    if (this.#bytes > 0) throw new GrpcStatusError(GRPC_STATUS.internal, "the stream ended inside a message");
  }

  /** Length of the first message, once it is here as a whole. */
  #nextLength(): number | undefined {
    if (this.#bytes < PREFIX_BYTES) return undefined;
    if (this.#chunks[0]!.length < PREFIX_BYTES) this.#joined();
    const head = this.#chunks[0]!;
    if (head[0] !== 0)
      throw new GrpcStatusError(GRPC_STATUS.unimplemented, "the server compresses, which was not asked for");
    const length = head.readUInt32BE(1);
    if (length > MAX_MESSAGE_BYTES) {
      throw new GrpcStatusError(GRPC_STATUS.internal, `a message of ${length} bytes is more than ${MAX_MESSAGE_BYTES}`);
    }
    return this.#bytes < PREFIX_BYTES + length ? undefined : length;
  }

  #joined(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0]!;
  }
}
