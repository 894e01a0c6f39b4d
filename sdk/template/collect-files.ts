import { lstatSync, readdirSync, type Stats } from "node:fs";
import { basename, join, posix, relative, resolve, sep } from "node:path";
import { ruleFor, type IgnoreMatcher } from "../context/ignore/matcher.ts";
import { ContextSourceError } from "./errors.ts";
import { folderAlias } from "./place-copies.ts";

/** An entry of a build context, still on this machine. */
export interface LocalEntry {
  type: "file" | "dir";
  /** Path in the context that the build sees. */
  path: string;
  /** Path on this machine. */
  fsPath: string;
  /** Low nine permission bits, four octal digits; set-id and sticky bits do not travel. */
  mode: string;
  /** 0 for folders. */
  sizeBytes: number;
  /** Sent again even if the service has it. */
  forceUpload: boolean;
}

/** An entry that is left out, or cannot be sent. */
export interface LeftOut {
  path: string;
  type: "file" | "dir" | "symlink" | "special";
}

/** How entries are chosen. */
export interface CollectRules {
  /** Root of the file context: ignore rules are about paths below it. */
  root?: string | undefined;
  matcher?: IgnoreMatcher | undefined;
  /** Paths below the root that never travel and are not reported: the Dockerfile and its ignore files. */
  silent?: ReadonlySet<string> | undefined;
  /** Called for every ignored entry. */
  onIgnored?: ((entry: LeftOut) => void) | undefined;
  /** Called for entries that a build context cannot hold, instead of failing. */
  onUnsupported?: ((entry: LeftOut) => void) | undefined;
}

const INVALID_NAME = "\uFFFD";

/** The files and folders below a folder, without the folder itself, folders first, sorted by depth and path. */
export function collectFolder(folder: string, prefix: string, rules: CollectRules): LocalEntry[] {
  const folders = new Map<string, LocalEntry>();
  const files: LocalEntry[] = [];
  const addFolders = (inner: string): void => {
    // All of them: a folder that an exception brought back may stand in one that stayed ignored.
    for (let at = inner; at !== "."; at = posix.dirname(at)) {
      if (folders.has(at)) continue;
      folders.set(at, entry("dir", join(folder, at), posix.join(prefix, at), lstatSync(join(folder, at))));
    }
  };
  const walk = (inner: string): void => {
    for (const name of readdirSync(join(folder, inner))) {
      const fsPath = join(folder, inner, name);
      if (name.includes(INVALID_NAME))
        refuse(fsPath, "its name is not valid UTF-8, which a build context cannot hold", "source_unsupported");
      const path = inner === "" ? name : `${inner}/${name}`;
      const contextPath = posix.join(prefix, path);
      const ruled = rules.root === undefined ? path : toPosix(relative(rules.root, fsPath));
      if (rules.silent?.has(ruled)) continue;
      const stats = lstatSync(fsPath);
      const type = typeOf(stats);
      if (isIgnored(rules.matcher, ruled, type)) {
        rules.onIgnored?.({ path: contextPath, type });
        // An exception may bring back what lies below.
        if (type === "dir") walk(path);
      } else if (type === "dir") {
        folders.set(path, entry("dir", fsPath, contextPath, stats));
        walk(path);
      } else if (type === "file") {
        addFolders(posix.dirname(path));
        files.push(entry("file", fsPath, contextPath, stats));
      } else if (rules.onUnsupported !== undefined) {
        rules.onUnsupported({ path: contextPath, type });
      } else {
        refuseType(fsPath, type);
      }
    }
  };
  walk("");
  const depth = (path: string): number => path.split("/").length;
  const byDepth = [...folders].sort(([a], [b]) => depth(a) - depth(b) || compare(a, b)).map(([, one]) => one);
  return [...byDepth, ...files.sort((a, b) => compare(a.path, b.path))];
}

/**
 * A file or folder that a copy step names, under a name of its own in the context.
 *
 * @returns `ref`: what the step's `sources` says instead of the local path
 */
export function collectSource(
  source: string,
  alias: string,
  rules: CollectRules,
): { ref: string; entries: LocalEntry[] } {
  const fsPath = resolve(source);
  const stats = lstatSync(fsPath, { throwIfNoEntry: false });
  if (stats === undefined) refuse(fsPath, "there is no such file or folder to copy", "source_not_found");
  const type = typeOf(stats!);
  if (type !== "file" && type !== "dir") refuseType(fsPath, type);
  const ruled = rules.root === undefined ? "" : toPosix(relative(rules.root, fsPath));
  if (ruled !== "" && isIgnored(rules.matcher, ruled, type)) {
    refuse(fsPath, "is ignored by the file context's rules, and a copy step names it", "source_ignored");
  }
  if (type === "file") {
    // The file keeps its name: it is the name under which a copy into a folder arrives.
    const ref = posix.join(alias, basename(fsPath));
    return { ref, entries: [entry("file", fsPath, ref, stats!)] };
  }
  const ref = folderAlias(alias, basename(fsPath));
  return { ref, entries: [entry("dir", fsPath, ref, stats!), ...collectFolder(fsPath, ref, rules)] };
}

/** Paths that a Dockerfile's context leaves out silently: the Dockerfile itself and its ignore files. */
export function silentPaths(root: string, dockerfile: string): Set<string> {
  const own = [dockerfile, `${dockerfile}.dockerignore`].map((path) => toPosix(relative(root, resolve(path))));
  return new Set([...own.filter((path) => path !== "" && !path.startsWith("../")), ".dockerignore"]);
}

function isIgnored(matcher: IgnoreMatcher | undefined, path: string, type: LeftOut["type"]): boolean {
  if (matcher === undefined) return false;
  // A link may stand for either, so either rule keeps it out.
  return (
    ruleFor(matcher, path, type === "dir") !== undefined ||
    (type === "symlink" && ruleFor(matcher, path, true) !== undefined)
  );
}

function entry(type: "file" | "dir", fsPath: string, path: string, stats: Stats): LocalEntry {
  const mode = (stats.mode & 0o777).toString(8).padStart(4, "0");
  return { type, path, fsPath, mode, sizeBytes: type === "file" ? stats.size : 0, forceUpload: false };
}

function typeOf(stats: Stats): LeftOut["type"] {
  if (stats.isSymbolicLink()) return "symlink";
  if (stats.isDirectory()) return "dir";
  return stats.isFile() ? "file" : "special";
}

function refuse(
  path: string,
  problem: string,
  code: ContextSourceError["code"] & ("source_not_found" | "source_unsupported" | "source_ignored"),
): never {
  throw new ContextSourceError(path, problem, { code });
}

function refuseType(path: string, type: LeftOut["type"]): never {
  return refuse(
    path,
    type === "symlink"
      ? "is a symbolic link, which a build context cannot hold: ignore it, or copy what it points at"
      : "is neither a file nor a folder, and a build context holds only those: ignore it",
    "source_unsupported",
  );
}

function toPosix(path: string): string {
  return sep === "/" ? path : path.replaceAll(sep, "/");
}

/** By code point, as the service's other clients sort. */
function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
