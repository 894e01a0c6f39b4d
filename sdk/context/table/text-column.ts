/** Many strings in one block of memory that threads can share: their UTF-8 bytes end to end, and where each begins. */
export interface TextColumn {
  readonly bytes: Uint8Array;
  /** One more than there are strings. */
  readonly offsets: Uint32Array;
}

/** Collects strings into a column. It keeps bytes, not strings: a third of the memory while a large tree is walked. */
export class TextColumnBuilder {
  #bytes = Buffer.alloc(16 * 1024);
  #offsets = new Uint32Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** @param text as Latin-1: each character is one byte */
  add(text: string): void {
    const start = this.#offsets[this.#length]!;
    const end = start + text.length;
    if (end > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], Math.max(end, 2 * this.#bytes.length));
    this.#bytes.write(text, start, "latin1");
    if (this.#length + 1 === this.#offsets.length) {
      const larger = new Uint32Array(2 * this.#offsets.length);
      larger.set(this.#offsets);
      this.#offsets = larger;
    }
    this.#offsets[++this.#length] = end;
  }

  /** The strings so far, as a column that can be read; it is not shared, and not kept up to date. */
  peek(): TextColumn {
    return { bytes: this.#bytes, offsets: this.#offsets.subarray(0, this.#length + 1) };
  }

  /** The column, in memory that threads can share. */
  build(): TextColumn {
    const bytes = new Uint8Array(new SharedArrayBuffer(this.#offsets[this.#length]!));
    bytes.set(this.#bytes.subarray(0, bytes.length));
    const offsets = new Uint32Array(new SharedArrayBuffer(4 * (this.#length + 1)));
    offsets.set(this.#offsets.subarray(0, offsets.length));
    return { bytes, offsets };
  }
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
