import { isAbsolute, posix, relative, resolve } from "node:path";
import { toLatin1 } from "./walk/latin1.ts";
import { sourceEmpty, sourceNotFound, sourceOutside } from "./walk/source-errors.ts";
import { displayRoot, type TreeRoot } from "./walk/tree-root.ts";

/**
 * The sources of a context as the walk takes them: relative to the root, each once, sorted, those above others first.
 *
 * @param dir the context as the caller named it: sources that are absolute paths may begin with that name
 * @param sources as in `ContextOptions`
 * @returns Latin-1; empty for the root itself
 * @throws ContextError `source_outside_context`, or `source_not_found` for what can be no path
 */
export function resolveSources(dir: string, root: TreeRoot, sources: readonly string[]): string[] {
  return [...new Set(sources.map((source) => resolveSource(dir, root, source)))].sort();
}

function resolveSource(dir: string, root: TreeRoot, source: string): string {
  if (source === "") throw sourceEmpty();
  if (source.includes("\0")) throw sourceNotFound(JSON.stringify(source), root);
  const wanted = toLatin1(source);
  const bases = [root.latin1, toLatin1(resolve(dir))];
  const candidates = isAbsolute(source) ? bases.map((base) => relative(base, wanted)) : [posix.normalize(wanted)];
  const inside = candidates.find((path) => path !== ".." && !path.startsWith("../"));
  if (inside === undefined) throw sourceOutside(source, displayRoot(root));
  const path = inside.replace(/\/+$/, "");
  return path === "." ? "" : path;
}
