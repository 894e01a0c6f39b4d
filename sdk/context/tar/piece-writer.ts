/** A piece of the archive on its way to the reader: large enough to pass on cheaply, small enough to wait for its end. */
export const PIECE_BYTES = 64 * 1024;

/** Cuts what is written into pieces. A piece's memory is handed over with it, so each one is new. */
export class PieceWriter {
  readonly #emit: (piece: Uint8Array<ArrayBuffer>) => void;
  #piece = Buffer.from(new ArrayBuffer(PIECE_BYTES));
  #used = 0;

  constructor(emit: (piece: Uint8Array<ArrayBuffer>) => void) {
    this.#emit = emit;
  }

  write(bytes: Buffer): void {
    for (let from = 0; from < bytes.length;) {
      const room = this.room();
      const count = Math.min(room.length, bytes.length - from);
      bytes.copy(room, 0, from, from + count);
      this.advance(count);
      from += count;
    }
  }

  /** Where the next bytes may be put; tell how many with {@link advance}. Never empty. */
  room(): Buffer<ArrayBuffer> {
    return this.#piece.subarray(this.#used);
  }

  advance(count: number): void {
    this.#used += count;
    if (this.#used === PIECE_BYTES) this.flush();
  }

  zeros(count: number): void {
    for (let left = count; left > 0;) {
      const room = this.room();
      const filled = Math.min(room.length, left);
      room.fill(0, 0, filled);
      this.advance(filled);
      left -= filled;
    }
  }

  flush(): void {
    if (this.#used === 0) return;
    const piece = this.#piece.subarray(0, this.#used);
    this.#piece = Buffer.from(new ArrayBuffer(PIECE_BYTES));
    this.#used = 0;
    this.#emit(piece);
  }
}
