import { realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { ContextError } from "./errors.ts";
import { pathBelow, type TreeRoot, treeRoot } from "./walk/tree-root.ts";

/**
 * Finds the directory of a context: links followed, as bytes, whatever they spell.
 *
 * @param dir relative to the working directory
 * @throws ContextError `context_not_found`, `context_not_a_directory`, or `unreadable` with the system's reason
 */
export async function contextRoot(dir: string): Promise<TreeRoot> {
  let root: TreeRoot;
  let isDirectory: boolean;
  try {
    // Not made absolute here: the working directory is text to Node, and its bytes may be none.
    root = treeRoot(await realpath(dir || ".", { encoding: "buffer" }));
    isDirectory = (await stat(pathBelow(root, ""))).isDirectory();
  } catch (cause) {
    throw notFound(resolve(dir), cause as NodeJS.ErrnoException);
  }
  if (isDirectory) return root;
  const path = resolve(dir);
  throw new ContextError(
    "context_not_a_directory",
    `${path} is a file. A context is a directory; name the one it is in.`,
    { path },
  );
}

function notFound(path: string, cause: NodeJS.ErrnoException): ContextError {
  if (cause.code === "ENOENT" || cause.code === "ENOTDIR") {
    const message = `There is no directory ${path}. Check the path of the context.`;
    return new ContextError("context_not_found", message, { path, cause });
  }
  const message = `The context ${path} cannot be read: ${cause.message}. Check its path and its permissions.`;
  return new ContextError("unreadable", message, { path, cause });
}
