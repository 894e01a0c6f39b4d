/** What stands in the place of a secret. */
export const MASK = "[secret]";

/**
 * Shorter values are left as they are, whole or as a line of a longer one: they occur by chance, and blanking them out
 * would garble a text and hide little.
 */
export const SHORTEST_MASKED = 4;

/** Base64 of less than this is not looked for inside of longer base64. */
const SHORTEST_INNER_BASE64 = 8;

/** Takes secrets out of what is shown, logged or kept. */
export interface Redactor {
  /** The text with every secret replaced by {@link MASK}. */
  text(text: string): string;
  /** The value with every text in it redacted, names of members included; what is neither text nor holds any stays as it is. */
  value<Value>(value: Value): Value;
}

/**
 * A redactor for secret texts. It finds each as it is, line by line where it has several (a command prints it so), and in
 * the forms in which texts are passed on: base64 (also in the middle of longer base64, such as an HTTP login), URL-encoded
 * and escaped for JSON. Longer ones are replaced first, so that a part of a secret does not break up the whole.
 */
export function createRedactor(secrets: Iterable<string>): Redactor {
  const forms = new Set<string>();
  for (const secret of secrets) for (const form of formsOf(secret)) forms.add(form);
  if (forms.size === 0) return { text: (text) => text, value: (value) => value };
  const ordered = [...forms].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  const pattern = new RegExp(ordered.map(escapePattern).join("|"), "gu");
  const text = (given: string): string => given.replace(pattern, MASK);
  return { text, value: (value) => mapTexts(value, text) };
}

/** Every form in which a secret may show. */
function* formsOf(secret: string): Generator<string> {
  for (const part of new Set([secret, ...secret.split(/\r?\n/)].flatMap((line) => [line, line.trim()]))) {
    if (part.trim().length < SHORTEST_MASKED) continue;
    yield part;
    yield encodeURIComponent(part.toWellFormed());
    yield encodeURIComponent(part.toWellFormed()).replaceAll("%20", "+");
    yield encodeURI(part.toWellFormed());
    yield JSON.stringify(part).slice(1, -1);
    yield escapeNonAscii(JSON.stringify(part).slice(1, -1));
  }
  if (secret.trim().length < SHORTEST_MASKED) return;
  yield* base64Of(Buffer.from(secret));
}

/** Base64 of the bytes, alone and as it looks behind one or two other bytes: only the part that is the same whatever these are. */
function* base64Of(bytes: Buffer): Generator<string> {
  for (const encoding of ["base64", "base64url"] as const) {
    yield bytes.toString(encoding);
    yield bytes.toString(encoding).replace(/=+$/, "");
    for (const before of [0, 1, 2]) {
      const encoded = Buffer.concat([Buffer.alloc(before), bytes])
        .toString(encoding)
        .replace(/=+$/, "");
      // Four characters stand for three bytes: those that neighbours have a part in are cut off.
      const start = before === 0 ? 0 : before + 1;
      const end = (before + bytes.length) % 3 === 0 ? encoded.length : encoded.length - 1;
      const inner = encoded.slice(start, end);
      if (inner.length >= SHORTEST_INNER_BASE64) yield inner;
    }
  }
}

function escapeNonAscii(text: string): string {
  return text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function escapePattern(text: string): string {
  return text.toWellFormed().replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

function mapTexts<Value>(value: Value, map: (text: string) => string): Value {
  if (typeof value === "string") return map(value) as Value;
  if (Array.isArray(value)) return value.map((one: unknown) => mapTexts(one, map)) as Value;
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [map(key), mapTexts(one as unknown, map)]),
  ) as Value;
}
