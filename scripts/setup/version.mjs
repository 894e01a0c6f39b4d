/**
 * Compares versions number by number; a missing number counts as 0.
 *
 * @param {readonly number[]} version
 * @param {readonly number[]} oldest
 */
export function isAtLeast(version, oldest) {
  for (const [index, want] of oldest.entries()) {
    const have = version[index] ?? 0;
    if (have !== want) return have > want;
  }
  return true;
}
