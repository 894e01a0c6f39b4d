import { StringDecoder } from "node:string_decoder";

/** A program that never ends its line must not fill the memory: beyond this the line is given in pieces. */
const MAX_LINE_CHARS = 64 * 1024;

/** Cuts a program's output into lines. */
export class LineBuffer {
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";

  /** The lines that `data` completes, without their line ends. */
  push(data: Uint8Array | string): string[] {
    this.#rest += typeof data === "string" ? data : this.#decoder.write(Buffer.from(data));
    const lines = this.#rest.split("\n");
    this.#rest = lines.pop() ?? "";
    while (this.#rest.length > MAX_LINE_CHARS) {
      lines.push(this.#rest.slice(0, MAX_LINE_CHARS));
      this.#rest = this.#rest.slice(MAX_LINE_CHARS);
    }
    return lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  }

  /** What stands there without a line end. */
  flush(): string[] {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = "";
    return rest === "" ? [] : [rest];
  }
}
