/**
 * A value that is not known yet: in a preview, the output of a resource that is still to be made. It may stand for any
 * input or for any part of one.
 */
export const UNKNOWN: unique symbol = Symbol.for("pulumi-nullspace.unknown");

/** Is the value unknown, or unknown somewhere inside? */
export function hasUnknown(value: unknown): boolean {
  if (value === UNKNOWN) return true;
  if (Array.isArray(value)) return value.some(hasUnknown);
  if (isRecord(value)) return Object.values(value).some(hasUnknown);
  return false;
}

/** A plain object, that is neither null nor an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
