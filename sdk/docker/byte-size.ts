import { amount, anyText, either, text } from "../arguments/index.ts";
import { check } from "./argument-rules.ts";
import { DockerOptionError } from "./errors.ts";

const UNITS: Record<string, number> = { "": 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

const SIZE = either(anyText, amount);

/**
 * Reads a size as Docker does: a number of bytes, or text such as `64m`, `1.5g`, `512kb` (powers of 1024).
 *
 * @param option name for the error
 * @example
 * ```ts
 * parseByteSize("shmSize", "64m"); // 67108864
 * ```
 */
export function parseByteSize(option: string, size: number | string): number {
  check("parseByteSize", { option: text, size: SIZE }, { option, size });
  if (typeof size === "number") return size;
  const parts = /^\s*(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?\s*$/i.exec(size);
  const unit = UNITS[parts?.[2]?.toLowerCase() ?? ""];
  if (!parts || unit === undefined) {
    throw new DockerOptionError(
      option,
      `${JSON.stringify(size)} is not a size (${option}). Write bytes, or a number with k, m, g or t: 64m.`,
    );
  }
  return Math.floor(Number(parts[1]) * unit);
}
