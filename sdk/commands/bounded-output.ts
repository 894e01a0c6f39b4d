/** The beginning of what a stream wrote. */
export class BoundedOutput {
  readonly #limit: number;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  /** Something was dropped. */
  isCut = false;

  /** @param limit bytes that are kept */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(data: Uint8Array): void {
    const room = this.#limit - this.#size;
    if (data.length > room) this.isCut = true;
    if (room <= 0) return;
    // A copy: the piece may be a view into a larger buffer, which would be kept as a whole.
    this.#chunks.push(Buffer.from(data.subarray(0, room)));
    this.#size += Math.min(room, data.length);
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString("utf8");
  }
}
