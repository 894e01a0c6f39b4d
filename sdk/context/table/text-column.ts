/** Many strings in one block of memory that threads can share: their UTF-8 bytes end to end, and where each begins. */
export interface TextColumn {
  readonly bytes: Uint8Array;
  /** One more than there are strings. */
  readonly offsets: Uint32Array;
}

/** Large enough that the system's allocator takes each from the kernel, and gives it back, by itself. */
const CHUNK_BYTES = 256 * 1024;
const FIRST_ENDS = 1024;

/**
 * Collects strings into a column. It keeps bytes, not strings, and in chunks that never grow: a third of the memory while a
 * large tree is walked, and no large buffers left behind for a garbage collector that sees no reason to hurry.
 */
export class TextColumnBuilder {
  readonly #chunks: Buffer[] = [];
  /** Where each string ends in the column. */
  #ends = new Uint32Array(FIRST_ENDS);
  #length = 0;
  #room = 0;
  #total = 0;

  get length(): number {
    return this.#length;
  }

  /** @param text as Latin-1: each character is one byte */
  add(text: string): void {
    if (text.length > this.#room) this.#open(text.length);
    const chunk = this.#chunks.at(-1);
    if (chunk) this.#room -= chunk.write(text, chunk.length - this.#room, "latin1");
    this.#total += text.length;
    if (this.#length === this.#ends.length) this.#ends = grown(this.#ends);
    this.#ends[this.#length++] = this.#total;
  }

  /** The column. The builder is of no use afterwards: its memory is given back at once, not when a collector comes round. */
  build(): TextColumn {
    const column = this.copy();
    for (const { buffer } of this.#chunks.splice(0)) (buffer as ArrayBuffer).transfer(0);
    this.#ends.buffer.transfer(0);
    return column;
  }

  /** The column so far, in memory that threads can share. */
  copy(): TextColumn {
    const bytes = new Uint8Array(new SharedArrayBuffer(this.#total));
    const offsets = new Uint32Array(new SharedArrayBuffer(4 * (this.#length + 1)));
    offsets.set(this.#ends.subarray(0, this.#length), 1);
    let at = 0;
    for (const [index, chunk] of this.#chunks.entries()) {
      const used = index === this.#chunks.length - 1 ? chunk.subarray(0, chunk.length - this.#room) : chunk;
      bytes.set(used, at);
      at += used.length;
    }
    return { bytes, offsets };
  }

  /** Closes the last chunk where it is used up to, and begins one that has room for `length` bytes. */
  #open(length: number): void {
    const last = this.#chunks.pop();
    if (last) this.#chunks.push(last.subarray(0, last.length - this.#room));
    this.#room = Math.max(CHUNK_BYTES, length);
    this.#chunks.push(Buffer.allocUnsafeSlow(this.#room));
  }
}

/** A column of which only a few strings, by their index, are not empty. Latin-1. */
export function sparseColumn(length: number, texts: ReadonlyMap<number, string>): TextColumn {
  const builder = new TextColumnBuilder();
  const offsets = new Uint32Array(new SharedArrayBuffer(4 * (length + 1)));
  let end = 0;
  for (let index = 0; index < length; index++) {
    const text = texts.get(index);
    if (text !== undefined) builder.add(text);
    offsets[index + 1] = end += text?.length ?? 0;
  }
  return { bytes: builder.build().bytes, offsets };
}

function grown(column: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * column.length);
  larger.set(column);
  return larger;
}

/** Bytes as a Buffer, once for each column: making a view costs more than reading a path. */
const views = new WeakMap<Uint8Array, Buffer>();

/** The memory of `bytes` as a Buffer. */
export function bufferOf(bytes: Uint8Array): Buffer {
  let view = views.get(bytes);
  if (!view) views.set(bytes, (view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)));
  return view;
}

/** The bytes of one string; a view, not a copy. */
export function textBytes(column: TextColumn, index: number): Buffer {
  return bufferOf(column.bytes).subarray(column.offsets[index]!, column.offsets[index + 1]!);
}

/** One string. */
export function textAt(column: TextColumn, index: number): string {
  return bufferOf(column.bytes).toString("utf8", column.offsets[index]!, column.offsets[index + 1]!);
}

/** One string as Latin-1: each character one byte. */
export function latin1At(column: TextColumn, index: number): string {
  return bufferOf(column.bytes).toString("latin1", column.offsets[index]!, column.offsets[index + 1]!);
}
