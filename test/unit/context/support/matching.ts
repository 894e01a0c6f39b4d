import { createIgnoreMatcher, type IgnoreSource } from "../../../../sdk/context/ignore/create-matcher.ts";
import { INCLUDED } from "../../../../sdk/context/ignore/matcher.ts";
import { ContextError } from "../../../../sdk/context/errors.ts";

/** What the matcher says about a tree: what is sent, or the code of the error. */
export function sentPaths(source: IgnoreSource, paths: readonly string[]): string[] | "malformed" {
  let matcher;
  try {
    matcher = createIgnoreMatcher(source);
  } catch (error) {
    if (error instanceof ContextError && error.code === "invalid_ignore_pattern") return "malformed";
    throw error;
  }
  const skipped: string[] = [];
  const sent: string[] = [];
  for (const path of paths) {
    if (skipped.some((directory) => path.startsWith(directory))) continue;
    const isDirectory = path.endsWith("/");
    const names = (isDirectory ? path.slice(0, -1) : path).split("/");
    const name = names.pop()!;
    const cursor = names.reduce((at, directory) => at.enter(directory), matcher.root());
    if (cursor.excludedBy(name, isDirectory) === INCLUDED) sent.push(path);
    else if (isDirectory && !cursor.mayReincludeBelow(name)) skipped.push(path);
  }
  return sent;
}
