import { Expression } from "./program.ts";
import { quote } from "./quote.ts";

const WIDTH = 110;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/**
 * A value as an expression of TypeScript: on one line where it is short, else one member a line.
 *
 * @param indent of the line that it begins on
 * @throws TypeError for what JSON cannot hold
 */
export function renderValue(value: unknown, indent = ""): string {
  if (value instanceof Expression) return value.code;
  if (typeof value === "string") return quote(value);
  if (value === null || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))) {
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    const items = value as readonly unknown[];
    return layOut(["[", "]"], "", indent, (inner) => items.map((item) => renderValue(item, inner)));
  }
  if (typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    const members = Object.entries(value);
    return layOut(["{", "}"], " ", indent, (inner) =>
      members.map(([key, member]) => `${propertyKey(key)}: ${renderValue(member, inner)}`),
    );
  }
  throw new TypeError(`a ${typeof value} cannot be written into a program`);
}

/** The name of a property, quoted where it must be. As `__proto__` it would set what the object inherits from. */
export function propertyKey(key: string): string {
  if (key === "__proto__") return '["__proto__"]';
  return IDENTIFIER.test(key) ? key : quote(key);
}

function layOut(
  [open, close]: readonly [string, string],
  padding: string,
  indent: string,
  render: (indent: string) => string[],
): string {
  const inner = `${indent}  `;
  const parts = render(inner);
  if (parts.length === 0) return open + close;
  const line = `${open}${padding}${parts.join(", ")}${padding}${close}`;
  if (!line.includes("\n") && indent.length + line.length <= WIDTH) return line;
  return `${open}\n${parts.map((part) => `${inner}${part},\n`).join("")}${indent}${close}`;
}
