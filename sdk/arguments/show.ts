/** Longer values are cut in a message, characters. */
const MAX_SHOWN = 80;

/** A value in a message, short: texts and numbers as they are, of everything else what it is. Never give it a secret. */
export function show(value: unknown): string {
  switch (typeof value) {
    case "string":
      return shorten(JSON.stringify(value));
    case "function":
      return "a function";
    case "symbol":
      return "a symbol";
    case "object":
      return value === null ? "null" : Array.isArray(value) ? "a list" : kindOf(value);
    default:
      return String(value);
  }
}

/** What a value is, without saying which one. */
export function showKind(value: unknown): string {
  if (typeof value === "string") return value === "" ? "an empty text" : "a text";
  if (typeof value === "number" || typeof value === "bigint") return "a number";
  return typeof value === "boolean" ? "true or false" : show(value);
}

function kindOf(value: object): string {
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null;
  const name = prototype?.constructor?.name;
  if (typeof name !== "string" || name === "" || name === "Object") return "an object";
  return `${/^[AEIOU]/.test(name) ? "an" : "a"} ${shorten(name)}`;
}

function shorten(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
