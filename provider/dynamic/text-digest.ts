import { createHash } from "node:crypto";
import { formatPropertyPath, type PropertyPath } from "../core/property-path.ts";

const DIGITS = 16;

/**
 * What stands for a text at its place: 16 hex digits. By these the provider's process sees which texts come from the
 * program itself, and which from a transform, without getting them all twice.
 */
export function textDigest(path: PropertyPath, text: string): string {
  return createHash("sha256")
    .update(`${formatPropertyPath(path)}\0${text}`)
    .digest("hex")
    .slice(0, DIGITS);
}
