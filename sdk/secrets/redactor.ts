import { base64Stems } from "./base64-stems.ts";
import { decodedViews } from "./decoded-view.ts";

/** What replaces a secret in a text. */
export const MASK = "[secret]";

/** Shorter values, characters, are not masked: they occur by chance, so masking them would garble texts and hide little. */
export const SHORTEST_MASKED = 4;

/** Of a value that is JSON, such as the key of a service account, texts from this length are secrets by themselves. */
const SHORTEST_INNER = 16;

/** Values that are remembered unless told otherwise; the oldest is forgotten first. */
const DEFAULT_LIMIT = 10_000;

/** What of one value is looked for. */
interface Patterns {
  /** Looked for in the text and in what its escapes stand for. */
  plain: readonly string[];
  /** Looked for in the text as it is. */
  encoded: readonly string[];
  /** Looked for in what escapes stand for: what the value itself reads as where a writer leaves its `%41` as it is. */
  unescaped: readonly string[];
}

/**
 * Masks secrets in what people read and what is stored: whole values, each line of a value that has several (a command
 * prints it line by line), and their base64, URL-encoded and JSON-escaped forms. What overlaps is masked as one, so no part
 * of a longer secret is left over by a shorter one.
 *
 * Values of fewer than {@link SHORTEST_MASKED} characters are not masked.
 *
 * @example
 * ```ts
 * const redactor = new Redactor(["hunter2"]);
 * redactor.text("login ann:hunter2 failed"); // "login ann:[secret] failed"
 * ```
 */
export class Redactor {
  readonly #values = new Map<string, Patterns>();
  readonly #limit: number;

  constructor(
    values: Iterable<string> = [],
    {
      limit = DEFAULT_LIMIT,
    }: {
      /**
       * How many values are remembered; the oldest is forgotten first.
       *
       * @default 10_000
       */
      limit?: number;
    } = {},
  ) {
    this.#limit = limit;
    this.add(values);
  }

  /** Takes in more values. */
  add(values: Iterable<string>): void {
    for (const value of values) {
      const known = this.#values.get(value) ?? patternsOf(value);
      this.#values.delete(value);
      if (known.plain.length === 0) continue;
      this.#values.set(value, known);
      if (this.#values.size > this.#limit) this.#values.delete(this.#values.keys().next().value!);
    }
  }

  /** The text with a mask in place of every secret. */
  text(text: string): string {
    if (this.#values.size === 0 || text.length < SHORTEST_MASKED) return text;
    const found: [start: number, end: number][] = [];
    for (const [index, { text: view, starts }] of [...decodedViews(text)].entries()) {
      for (const { plain, encoded, unescaped } of this.#values.values()) {
        for (const pattern of [...plain, ...(index === 0 ? encoded : unescaped)]) {
          for (let at = view.indexOf(pattern); at !== -1; at = view.indexOf(pattern, at + 1)) {
            const end = at + pattern.length;
            found.push(starts === undefined ? [at, end] : [starts[at]!, starts[end]!]);
          }
        }
      }
    }
    return found.length === 0 ? text : masked(text, found);
  }

  /**
   * The value with every text in it masked, all the way down; names of members stay, which are no values. An error becomes
   * a plain object with its type, message, stack, code and cause. Everything else stays as it is.
   */
  value<Value>(value: Value): Value;
  value(value: unknown): unknown {
    return this.#value(value, new Set());
  }

  #value(value: unknown, above: Set<unknown>): unknown {
    if (typeof value === "string") return this.text(value);
    if (typeof value !== "object" || value === null) return value;
    if (above.has(value)) return "[circular]";
    const inside = new Set(above).add(value);
    if (Array.isArray(value)) return value.map((member) => this.#value(member, inside));
    const members = value instanceof Error ? errorMembers(value) : isPlain(value) ? Object.entries(value) : undefined;
    if (members === undefined) return value;
    return Object.fromEntries(members.map(([key, member]) => [key, this.#value(member, inside)]));
  }
}

function errorMembers(error: Error): [string, unknown][] {
  const { name, message, stack, cause } = error;
  return Object.entries({ ...error, type: name, message, stack, ...(cause === undefined ? {} : { cause }) });
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function patternsOf(value: string): Patterns {
  const plain = new Set<string>();
  for (const whole of [value, ...innerTexts(value)]) {
    for (const part of [whole, ...whole.split(/\r\n|[\r\n]/)]) {
      // What surrounds a value is often trimmed by who prints it.
      const text = part.trim();
      if (text.length >= SHORTEST_MASKED) plain.add(text);
    }
  }
  const encoded = [...plain].flatMap(base64Stems).filter(({ length }) => length >= SHORTEST_MASKED);
  const unescaped = [...plain]
    .flatMap((text) => [...decodedViews(text)].slice(1).map((view) => view.text))
    .filter(({ length }) => length >= SHORTEST_MASKED);
  return { plain: [...plain], encoded: [...new Set(encoded)], unescaped: [...new Set(unescaped)] };
}

/** The long texts in a value that is a JSON object or array. */
function innerTexts(value: string): string[] {
  if (!/^\s*[[{]/.test(value)) return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
  const found: string[] = [];
  const collect = (part: unknown): void => {
    if (typeof part === "string") {
      if (part.length >= SHORTEST_INNER) found.push(part);
    } else if (typeof part === "object" && part !== null) Object.values(part).forEach(collect);
  };
  collect(parsed);
  return found;
}

/** The text with one mask for each run of ranges that overlap. */
function masked(text: string, ranges: [start: number, end: number][]): string {
  ranges.sort(([left], [right]) => left - right);
  let result = "";
  let position = 0;
  let [start, end] = ranges[0]!;
  for (const [nextStart, nextEnd] of [...ranges.slice(1), [text.length + 1, 0] as const]) {
    if (nextStart < end) {
      end = Math.max(end, nextEnd);
      continue;
    }
    result += text.slice(position, start) + MASK;
    position = end;
    [start, end] = [nextStart, nextEnd];
  }
  return result + text.slice(position);
}
