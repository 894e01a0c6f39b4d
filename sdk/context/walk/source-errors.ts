import { ContextError } from "../errors.ts";
import { type IgnoreSyntax, type IgnoreRule, ruleLocation } from "../ignore/rule.ts";
import { ignoreLine } from "./directory-weights.ts";
import { displayRoot, type TreeRoot } from "./tree-root.ts";

// Paths are texts in here, for people.

export function sourceEmpty(): ContextError {
  const message = 'A source is an empty text. Name a file or folder of the context, or "." for all of it.';
  return new ContextError("source_not_found", message, { path: "" });
}

export function sourceOutside(source: string, dir: string): ContextError {
  return new ContextError(
    "source_outside_context",
    `The source ${source} is not inside the context ${dir}. Name a file or folder inside it, or make a folder that holds ` +
      `both the context.`,
    { path: source },
  );
}

export function sourceNotFound(source: string, root: TreeRoot): ContextError {
  return new ContextError(
    "source_not_found",
    `There is no file or folder ${source} in the context ${displayRoot(root)}. Check the path of the source: it starts at ` +
      `the context.`,
    { path: source },
  );
}

export function sourceIgnored(source: string, rule: IgnoreRule, syntax: IgnoreSyntax | undefined): ContextError {
  return new ContextError(
    "source_ignored",
    `The source ${source} is ignored by ${ruleLocation(rule)} (${rule.pattern}). Change that rule, add the exception ` +
      `!${ignoreLine(source, syntax ?? "docker")} after it, or leave the source out.`,
    { path: source },
  );
}

/**
 * A source of which nothing is read, for it is a link, or lies behind one.
 *
 * @param how what becomes of links
 */
export function sourceLinked(source: string, link: string, how: string): ContextError {
  const where = source === link ? "is a symbolic link" : `lies behind the symbolic link ${link}`;
  return new ContextError(
    "symlink_not_supported",
    `The source ${source} ${where}, and ${how}. Name what the link leads to, or set symlinks: "copy".`,
    { path: source },
  );
}
