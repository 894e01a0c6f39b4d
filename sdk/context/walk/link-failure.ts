import { readlinkSync } from "node:fs";
import { posix } from "node:path";
import { ContextError } from "../errors.ts";
import type { IgnoreSyntax } from "../ignore/rule.ts";
import { ignoreLine } from "./directory-weights.ts";
import { displayName } from "./latin1.ts";
import { isInside } from "./open-entry.ts";
import { pathBelow, type TreeRoot } from "./tree-root.ts";
import { fileChanged, fromSystemError } from "./walk-errors.ts";

/** Links in one path after which a system gives up (Linux: 40, path_resolution(7)). */
const MOST_LINKS = 40;

/** A link of which no content can be copied. */
export interface FailedLink {
  readonly root: TreeRoot;
  /** Latin-1. */
  readonly path: string;
  /**
   * What the ignore line in the advice is written in.
   *
   * @default `docker`
   */
  readonly syntax: IgnoreSyntax | undefined;
}

/**
 * Why what a link points at cannot be copied: it leaves the context, leads nowhere, or round in a circle. What is said of
 * the places outside is what the links say, and tells nothing of what is there.
 *
 * @param error what the system said to following it; `undefined` when it leads outside
 */
export function linkFailure(link: FailedLink, error?: unknown): unknown {
  const path = displayName(link.path);
  const { target, leavesTo } = follow(link);
  // It is no link any more.
  if (target === undefined) return fileChanged(path, "changed", error);
  if (leavesTo !== undefined) {
    const leads = leavesTo === target ? "" : `, which leads to ${displayName(leavesTo)}`;
    return new ContextError(
      "symlink_escapes_context",
      `${path} is a symbolic link to ${displayName(target)}${leads}, outside of the context, and nothing is copied from ` +
        `there. ${waysOut(link, "Put a copy in its place")}`,
      { path },
    );
  }
  // It led outside, and does not any more.
  if (error === undefined) return fileChanged(path, "changed");
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ELOOP") return linkLoop(link, "is a symbolic link that leads back to itself", error);
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new ContextError(
      "symlink_broken",
      `${path} is a symbolic link to nothing: ${displayName(target)} leads to no file or folder, so there is no content ` +
        `to copy. ${waysOut(link, "Repair it")}`,
      { path, cause: error },
    );
  }
  return fromSystemError(error, path);
}

/** A link that leads to a directory above it, or round in a circle. */
export function linkLoop(link: FailedLink, how = "leads back to a directory above it", cause?: unknown): ContextError {
  const path = displayName(link.path);
  return new ContextError(
    "symlink_loop",
    `${path} ${how}, so copying what links point at would never end. ${waysOut(link, "Remove it")}`,
    { path, cause },
  );
}

function waysOut({ path, syntax = "docker" }: FailedLink, first: string): string {
  return (
    `${first}, leave links out with symlinks: "skip", or add this line to the ignore file: ` +
    ignoreLine(displayName(path), syntax)
  );
}

/** Where a link leads by its text and that of the links on its way, as far as they stay below the root. All Latin-1. */
interface Followed {
  /** The link's own text; `undefined` when it is no link. */
  readonly target?: string;
  /** The absolute path outside that it leads to. */
  readonly leavesTo?: string;
}

/** Follows links by hand, and looks at nothing outside of the root. */
function follow({ root, path }: FailedLink): Followed {
  const target = linkText(root, path);
  /** The names still to go, the next one last. */
  const ahead = path.split("/").reverse();
  /** Where that has led so far: below the root, and without links. */
  let at = root.latin1;
  for (let links = 0; ahead.length > 0 && links <= MOST_LINKS;) {
    const next = posix.join(at, ahead.pop()!);
    if (!isInside(root, next)) {
      const whole = posix.join(next, ...ahead.splice(0).reverse());
      if (!isInside(root, whole)) return { target, leavesTo: whole };
      // Out and in again, or an absolute link to a place inside.
      ahead.push(...posix.relative(root.latin1, whole).split("/").reverse());
      at = root.latin1;
      continue;
    }
    const text = linkText(root, posix.relative(root.latin1, next));
    if (text === undefined) {
      at = next;
      continue;
    }
    links++;
    ahead.push(...text.split("/").reverse());
    if (text.startsWith("/")) at = "/";
  }
  return { target };
}

/** @returns `undefined` for what is no link */
function linkText(root: TreeRoot, path: string): string | undefined {
  try {
    return readlinkSync(pathBelow(root, path), "latin1");
  } catch {
    return undefined; // What the system says to the whole path is known already.
  }
}
