/**
 * Whether everything that is wanted is there and equal; what is there beside it is others' affair, or a default of the server's.
 * A list is as long as it is wanted.
 */
export function isContained(wanted: unknown, there: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(there) && there.length === wanted.length && wanted.every((each, at) => isContained(each, there[at]))
    );
  }
  if (typeof wanted !== "object" || wanted === null) return wanted === there;
  if (typeof there !== "object" || there === null) return false;
  const has = there as Record<string, unknown>;
  return Object.entries(wanted).every(([name, member]) => Object.hasOwn(has, name) && isContained(member, has[name]));
}
