import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
// Not through the index: the walk and the worker behind it have no part in this, and cost every importer.
import { createGitignoreMatcher } from "../context/ignore/create-gitignore-matcher.ts";
import type { IgnoreMatcher } from "../context/ignore/matcher.ts";
import type { FileContext } from "./definition.ts";
import { ContextSourceError } from "./errors.ts";

/**
 * The ignore rules of a file context, read with Git's syntax as the service's Python client does: the Dockerfile's own
 * `<Dockerfile>.dockerignore` if there is one, else the folder's `.dockerignore`, then the patterns given.
 *
 * @returns undefined when there are no rules
 */
export function readIgnoreRules(context: FileContext, dockerfile?: string): IgnoreMatcher | undefined {
  const own = dockerfile === undefined ? undefined : readIfFile(`${dockerfile}.dockerignore`);
  const file = own ?? readIfFile(join(context.root, ".dockerignore"));
  if (file === undefined && context.ignorePatterns.length === 0) return undefined;
  return createGitignoreMatcher({ ...(file !== undefined && { file }), patterns: context.ignorePatterns });
}

function readIfFile(name: string): { name: string; text: string } | undefined {
  if (!statSync(name, { throwIfNoEntry: false })?.isFile()) return undefined;
  try {
    return { name, text: readFileSync(name, "utf8") };
  } catch (cause) {
    // An ignore file that is there and cannot be read would let secrets through.
    throw new ContextSourceError(name, "cannot be read", { code: "source_unreadable", cause });
  }
}
