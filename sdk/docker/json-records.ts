import { StringDecoder } from "node:string_decoder";
import { EngineProtocolError } from "./errors.ts";

/** One JSON object of an engine's stream, as it came. */
export type EngineRecord = Record<string, unknown>;

/**
 * The failure that a record tells, if it does. `error` repeats the message of `errorDetail`; it is deprecated since API
 * 1.48 and may stay away.
 */
export function errorOf({ error, errorDetail }: EngineRecord): { message: string; code?: number } | undefined {
  const detail = (errorDetail ?? {}) as { message?: unknown; code?: unknown };
  const message = typeof error === "string" && error !== "" ? error : detail.message;
  if (typeof message !== "string") return undefined;
  return { message, ...(typeof detail.code === "number" ? { code: detail.code } : {}) };
}

/** No single record of an engine is near this; beyond it the stream is broken, and memory must not follow it. */
const MAX_RECORD_CHARS = 64 * 1024 * 1024;

/**
 * Splits a byte stream into the JSON objects that stand in it back to back. The engine separates them by CR LF, other
 * servers by nothing at all, so the split follows the braces, not the lines. Text after the last whole object is an
 * error: the stream was cut.
 */
export async function* readJsonRecords(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<EngineRecord> {
  const splitter = new JsonSplitter();
  for await (const chunk of chunks) yield* splitter.push(chunk);
  splitter.end();
}

/** The splitting by itself, for those who hold the stream. Call `end` when it is over. */
export class JsonSplitter {
  readonly #decoder = new StringDecoder("utf8");
  #text = "";
  #scanned = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** The objects that `chunk` completes. */
  *push(chunk: Uint8Array): Generator<EngineRecord> {
    this.#text += this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    let start = 0;
    for (let i = this.#scanned; i < this.#text.length; i++) {
      const char = this.#text.charCodeAt(i);
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (char === BACKSLASH) this.#escaped = true;
        else if (char === QUOTE) this.#inString = false;
      } else if (char === QUOTE) this.#inString = true;
      else if (char === OPEN_BRACE || char === OPEN_BRACKET) this.#depth++;
      else if ((char === CLOSE_BRACE || char === CLOSE_BRACKET) && --this.#depth === 0) {
        yield parseRecord(this.#text.slice(start, i + 1));
        start = i + 1;
      }
    }
    this.#text = this.#text.slice(start);
    this.#scanned = this.#text.length;
    if (this.#text.length > MAX_RECORD_CHARS) {
      throw new EngineProtocolError(`The engine's stream holds a record of more than ${MAX_RECORD_CHARS} characters.`);
    }
  }

  /** @throws EngineProtocolError when the stream ended inside an object */
  end(): void {
    this.#text += this.#decoder.end();
    if (this.#text.trim() !== "") {
      throw new EngineProtocolError(`The engine's stream ends inside a record: ${excerpt(this.#text)}`);
    }
  }
}

function parseRecord(text: string): EngineRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new EngineProtocolError(`The engine's stream is not JSON: ${excerpt(text)}`, cause);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new EngineProtocolError(`The engine's stream holds something other than objects: ${excerpt(text)}`);
  }
  return value as EngineRecord;
}

function excerpt(text: string): string {
  const trimmed = text.trim();
  return trimmed.length > 200 ? `${trimmed.slice(0, 200)}…` : trimmed;
}

const BACKSLASH = 0x5c;
const QUOTE = 0x22;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
