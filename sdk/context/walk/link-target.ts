/**
 * Whether the text of a link stays inside the context, by text alone: what it points at may not exist, and its meaning
 * must not depend on the machine. Absolute targets leave; so do those with more `..` than there are directories.
 *
 * @param path of the link, relative to the context
 */
export function staysInContext(path: string, target: string): boolean {
  if (target.startsWith("/")) return false;
  let depth = path.split("/").length - 1;
  for (const part of target.split("/")) {
    if (part === "" || part === ".") continue;
    depth += part === ".." ? -1 : 1;
    if (depth < 0) return false;
  }
  return true;
}
