/** Many strings in one block of memory that threads can share: their UTF-8 bytes end to end, and where each begins. */
export interface TextColumn {
  readonly bytes: Uint8Array;
  /** One more than there are strings. */
  readonly offsets: Uint32Array;
}

/** @param texts as Latin-1: each character is one byte */
export function textColumn(texts: readonly string[]): TextColumn {
  const total = texts.reduce((sum, text) => sum + text.length, 0);
  const bytes = Buffer.from(new SharedArrayBuffer(total));
  const offsets = new Uint32Array(new SharedArrayBuffer(4 * (texts.length + 1)));
  let at = 0;
  for (const [index, text] of texts.entries()) {
    at += bytes.write(text, at, "latin1");
    offsets[index + 1] = at;
  }
  return { bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), offsets };
}

/** The bytes of one string; a view, not a copy. */
export function textBytes(column: TextColumn, index: number): Buffer {
  const { bytes, offsets } = column;
  const start = offsets[index]!;
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, offsets[index + 1]! - start);
}

export function textAt(column: TextColumn, index: number): string {
  return textBytes(column, index).toString("utf8");
}
