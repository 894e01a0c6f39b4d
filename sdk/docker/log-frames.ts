import { EngineProtocolError } from "./errors.ts";

/** A piece of a container's output. */
export interface OutputChunk {
  stream: "stdout" | "stderr";
  data: Buffer;
}

const HEADER_BYTES = 8;
/** A frame is one write of the process as the engine read it (32 KiB there); far beyond it the stream is broken. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024;

/**
 * Takes apart the engine's multiplexed stream (Engine API, ContainerAttach, "Stream format"): frames of a byte that
 * names the stream, three zero bytes, a big-endian length, and that many bytes. Data is passed on as it comes, so a
 * frame may arrive as several chunks.
 */
export async function* readLogFrames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<OutputChunk> {
  let pending: Buffer = Buffer.alloc(0);
  let stream: OutputChunk["stream"] = "stdout";
  let remaining = 0;
  for await (const chunk of chunks) {
    const data = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    pending = pending.length > 0 ? Buffer.concat([pending, data]) : data;
    while (pending.length > 0) {
      if (remaining > 0) {
        const part = pending.subarray(0, remaining);
        pending = pending.subarray(part.length);
        remaining -= part.length;
        yield { stream, data: part };
        continue;
      }
      if (pending.length < HEADER_BYTES) break;
      const kind = pending[0];
      if (kind === undefined || kind > 2 || pending[1] !== 0 || pending[2] !== 0 || pending[3] !== 0) {
        throw new EngineProtocolError("The container's output is not in the engine's multiplexed form.");
      }
      stream = kind === 2 ? "stderr" : "stdout";
      remaining = pending.readUInt32BE(4);
      if (remaining > MAX_FRAME_BYTES) {
        throw new EngineProtocolError(`The container's output holds a frame of ${remaining} bytes.`);
      }
      pending = pending.subarray(HEADER_BYTES);
    }
  }
  if (pending.length > 0 || remaining > 0) throw new EngineProtocolError("The container's output ends inside a frame.");
}
