import { anyText, check, like, recordOf } from "../../arguments/index.ts";
import type { ContextEntry } from "../entry.ts";

/** One line that differs between two contexts. `before` is missing for what is new, `after` for what is gone. */
export interface ContextChange {
  readonly path: string;
  readonly kind: "added" | "removed" | "changed";
  readonly before?: string;
  readonly after?: string;
}

/** Path -> anything that is equal exactly when the entry is. */
export type ComparableContext = Readonly<Record<string, string>>;

const ENTRIES = like("entries of a context", (value) => typeof value[Symbol.iterator] === "function");
const ENTRY = like("an entry of a context", ({ path, type }) => typeof path === "string" && typeof type === "string");
const COMPARABLE = recordOf(anyText, "texts, such as comparable gives");

/**
 * Every entry of a context, one line each: for an exact comparison of two trees.
 *
 * @example
 * ```ts
 * import { writeFile } from "node:fs/promises";
 *
 * const context = await readContext({ dir: "./app" });
 * await writeFile("context.json", JSON.stringify(comparable(context.each())));
 * ```
 */
export function comparable(entries: Iterable<ContextEntry>): ComparableContext {
  check("comparable", { entries: ENTRIES }, { entries });
  const lines: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const entry of entries) {
    check("comparable", { entry: ENTRY }, { entry });
    const { path, type, mode, sha256, target } = entry;
    lines[path] = type === "file" ? `${mode} ${sha256}` : type === "symlink" ? `-> ${target}` : "dir";
  }
  return lines;
}

/**
 * What changed from `before` to `after`, sorted by path.
 *
 * @example
 * ```ts
 * const before = comparable((await readContext({ dir: "./app", statCache: false })).each());
 * // … something writes files …
 * const after = comparable((await readContext({ dir: "./app", statCache: false })).each());
 * for (const { kind, path } of difference(before, after)) console.log(kind, path);
 * ```
 */
export function difference(before: ComparableContext, after: ComparableContext): ContextChange[] {
  check("difference", { before: COMPARABLE, after: COMPARABLE }, { before, after });
  const changes: ContextChange[] = [];
  for (const path of new Set([...Object.keys(before), ...Object.keys(after)])) {
    // A manifest that was read from JSON has a prototype, and a file may be called `constructor`.
    const [old, now] = [before, after].map((lines) => (Object.hasOwn(lines, path) ? lines[path] : undefined));
    if (old === now) continue;
    const kind = old === undefined ? "added" : now === undefined ? "removed" : "changed";
    changes.push({ path, kind, ...(old !== undefined && { before: old }), ...(now !== undefined && { after: now }) });
  }
  return changes.sort((a, b) => (a.path < b.path ? -1 : 1));
}
