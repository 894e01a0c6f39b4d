import { checkWith, show, showKind, type Check } from "../arguments/index.ts";
import { TemplateArgumentError } from "./errors.ts";

/** Throws TemplateArgumentError, naming the call, the argument, and what was given in its place. */
export const check: Check = checkWith((argument, problem) => new TemplateArgumentError(argument, problem));

/** `value` as it is, when it is a text with something in it. */
export function requireText(argument: string, value: unknown): string {
  if (typeof value !== "string" || value.trim() === "") {
    throw new TemplateArgumentError(argument, `must be a text that is not empty, not ${show(value)}`);
  }
  return value;
}

/** A list of texts from one text or many; each not empty and without space around it. */
export function requireWords(
  argument: string,
  first: string | Iterable<string>,
  more: readonly string[] = [],
): string[] {
  const words = typeof first === "string" ? [first] : [...iterable(argument, first)];
  words.push(...more);
  for (const [index, word] of words.entries()) {
    requireText(`${argument}[${index}]`, word);
    if (word.trim() !== word)
      throw new TemplateArgumentError(`${argument}[${index}]`, `has space around it: ${show(word)}`);
  }
  return words;
}

/** Names and values of environment variables. */
export function requireEnv(argument: string, envs: Readonly<Record<string, string>>): Record<string, string> {
  if (typeof envs !== "object" || envs === null || Array.isArray(envs))
    throw new TemplateArgumentError(argument, `must be an object of texts, not ${show(envs)}`);
  for (const [name, value] of Object.entries(envs)) {
    if (name === "" || /[=\0]/.test(name)) {
      throw new TemplateArgumentError(argument, `${show(name)} cannot name a variable`);
    }
    if (typeof value !== "string")
      throw new TemplateArgumentError(`${argument}.${name}`, `must be a text, not ${showKind(value)}`);
  }
  return { ...envs };
}

/**
 * Permission bits as four octal digits.
 *
 * @param mode a number (`0o755`) or octal text (`"755"`)
 */
export function requireMode(argument: string, mode: number | string): string {
  const bits =
    typeof mode === "string" && /^\s*(0o?)?[0-7]{1,5}\s*$/.test(mode)
      ? parseInt(mode.trim().replace(/^0o/, ""), 8)
      : mode;
  if (typeof bits !== "number" || !Number.isInteger(bits) || bits < 0 || bits > 0o7777) {
    throw new TemplateArgumentError(argument, `must be permission bits, such as 0o755 or "755", not ${show(mode)}`);
  }
  return bits.toString(8).padStart(4, "0");
}

/** A number within bounds, whole unless `fraction`. */
export function requireNumber(
  argument: string,
  value: unknown,
  bounds: { min: number; max?: number; fraction?: boolean },
): number {
  const { min, max = Number.MAX_SAFE_INTEGER, fraction = false } = bounds;
  if (typeof value === "number" && value >= min && value <= max && (fraction || Number.isInteger(value))) return value;
  const upper = max === Number.MAX_SAFE_INTEGER ? "or more" : `to ${max}`;
  throw new TemplateArgumentError(
    argument,
    `must be a ${fraction ? "" : "whole "}number, ${min} ${upper}, not ${show(value)}`,
  );
}

function iterable(argument: string, value: unknown): Iterable<string> {
  if (typeof value === "object" && value !== null && Symbol.iterator in value) return value as Iterable<string>;
  throw new TemplateArgumentError(argument, `must be a text or a list of texts, not ${show(value)}`);
}
