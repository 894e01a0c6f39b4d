import { endianness } from "node:os";

// A BigInt64Array makes an object of each value that is read from it. For looks at everything that a tree holds, that takes
// as long as all the rest of a comparison: the halves of a value, put together, are the same number without one.

const WORD = 2 ** 32;
const [LOW, HIGH] = endianness() === "LE" ? [0, 1] : [1, 0];

/** The 64-bit integers of a column as 32-bit halves, in the same memory. */
export function halvesOf({ buffer, byteOffset, length }: BigInt64Array | BigUint64Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, 2 * length);
}

/** What `Number` makes of the bigint at `index` of a BigInt64Array: the nearest number. */
export function signedAt(halves: Uint32Array, index: number): number {
  // Both summands are exact: only the sum is rounded, as `Number` rounds.
  return (halves[2 * index + HIGH]! | 0) * WORD + halves[2 * index + LOW]!;
}

/** The same, of a BigUint64Array. */
export function unsignedAt(halves: Uint32Array, index: number): number {
  return halves[2 * index + HIGH]! * WORD + halves[2 * index + LOW]!;
}
