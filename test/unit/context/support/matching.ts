import { createIgnoreMatcher } from "../../../../sdk/context/ignore/create-matcher.ts";
import type { IgnoreSource } from "../../../../sdk/context/ignore/rule.ts";
import { readDockerignore } from "../../../../sdk/context/ignore/docker-ignorefile.ts";
import { compileDockerPattern } from "../../../../sdk/context/ignore/docker-pattern.ts";
import { INCLUDED, ruleFor } from "../../../../sdk/context/ignore/matcher.ts";
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

/**
 * Whether Docker 20.10 may read this ignore file otherwise than later releases, on this tree: a pattern matches a directory
 * about which later releases do not ask it, because it could not change what became of the directory itself.
 */
export function readingsDiffer(text: string, paths: readonly string[]): boolean {
  const parents = (path: string) => [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index));
  const directories = new Set(paths.flatMap(parents));
  const lines = readDockerignore(text, ".dockerignore").map(({ pattern }) => pattern);
  if (sentPaths({ patterns: lines }, []) === "malformed") return false; // Refused by all.
  return lines.some((line, index) => {
    const before = createIgnoreMatcher({ patterns: lines.slice(0, index) });
    const pattern = compileDockerPattern(line);
    return [...directories].some((directory) => {
      const isExcluded = ruleFor(before, directory) !== undefined;
      return pattern?.isException !== isExcluded && pattern?.automaton.matches(directory) === true;
    });
  });
}
