import { hash } from "node:crypto";
import { readFile, realpath } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { ContextError } from "./errors.ts";
import type { SymlinkMode } from "./walk/job.ts";
import { displayName, systemPath, toLatin1 } from "./walk/latin1.ts";
import { isInside, openEntryHandle } from "./walk/open-entry.ts";
import { displayRoot, type TreeRoot } from "./walk/tree-root.ts";

/** The file that a builder looks for when none is named. */
export const DEFAULT_DOCKERFILE = "Dockerfile";
const DEFAULT_ALTERNATIVE = "dockerfile";

/** 160 bits, as in the random name that docker-py gives (docker/utils/build.py, process_dockerfile). */
const OUTSIDE_NAME_DIGITS = 40;

/**
 * The name in the tar of a Dockerfile that does not lie in the context. As improbable as a random one, so that it meets no
 * file of the context; but made of the Dockerfile itself, so that equal contexts are equal tars.
 *
 * @param sha256 of the Dockerfile, hex
 */
export function outsideDockerfilePath(sha256: string): string {
  return `.dockerfile.${sha256.slice(0, OUTSIDE_NAME_DIGITS)}`;
}

export const DOCKERIGNORE = ".dockerignore";

/** Where the Dockerfile is looked for. */
export interface DockerfileSource {
  readonly root: TreeRoot;
  /**
   * Path relative to the context, or absolute; `false` = there is none.
   *
   * @default `Dockerfile`
   */
  readonly dockerfile?: string | false;
  /** The Dockerfile's text, instead of a file. */
  readonly dockerfileContent?: string;
  /**
   * With `keep` (default), a Dockerfile or ignore file that is a link is what it leads to, as for the Docker command line.
   * With any other mode a link in the context may not lead outside: who names a Dockerfile outside does so by its path.
   */
  readonly symlinks?: SymlinkMode;
}

/** The Dockerfile and the ignore file in force. */
export interface FoundDockerfile {
  /** Path in the context; `undefined` when the Dockerfile lies outside, or is inline. */
  readonly contextPath?: string;
  readonly content?: string;
  /** SHA-256 of the file's bytes, hex. */
  readonly sha256?: string;
  readonly ignoreFile?: FoundIgnoreFile;
}

export interface FoundIgnoreFile {
  /** For messages: relative to the context where it lies in it. */
  readonly name: string;
  /** Path in the context; `undefined` when it lies outside. */
  readonly contextPath?: string;
  readonly text: string;
}

// Paths are Latin-1 in here, as in the walk: text is turned once, where it comes in, and back for people.

/**
 * Reads the Dockerfile and the ignore file that goes with it: `<Dockerfile>.dockerignore` beside the Dockerfile if there
 * is one, else `.dockerignore` in the context.
 *
 * @throws ContextError `dockerfile_not_found`, naming the path that was looked for; `symlink_escapes_context`
 */
export async function findDockerfile(source: DockerfileSource): Promise<FoundDockerfile> {
  const { root, dockerfile, dockerfileContent } = source;
  const rootIgnoreFile = await readIgnoreFile(source, join(root.latin1, DOCKERIGNORE));
  if (dockerfileContent !== undefined) {
    return { content: dockerfileContent, sha256: hash("sha256", dockerfileContent), ignoreFile: rootIgnoreFile };
  }
  if (dockerfile === false) return { ignoreFile: rootIgnoreFile };
  const file = await locate(source, dockerfile);
  const bytes = await readBytes(source, file).catch((error: unknown) => {
    throw error instanceof ContextError ? error : unreadable(file, error);
  });
  return {
    contextPath: pathInContext(root, file),
    content: bytes.toString("utf8"),
    sha256: hash("sha256", bytes),
    ignoreFile: (await readIgnoreFile(source, `${file}.dockerignore`)) ?? rootIgnoreFile,
  };
}

/** The real path of the Dockerfile. Links are followed, as the Docker command line does. */
async function locate(source: DockerfileSource, dockerfile: string | undefined): Promise<string> {
  const { root } = source;
  const wanted = resolve(root.latin1, toLatin1(dockerfile ?? DEFAULT_DOCKERFILE));
  for (const path of dockerfile === undefined ? [wanted, join(root.latin1, DEFAULT_ALTERNATIVE)] : [wanted]) {
    const found = await real(path);
    if (found === undefined) continue;
    if (await escapes(source, path, found)) {
      throw linkEscapes(
        `The Dockerfile ${nameOf(root, path)}`,
        nameOf(root, path),
        ", or name the file that it leads to",
      );
    }
    return found;
  }
  const path = displayName(wanted);
  throw new ContextError(
    "dockerfile_not_found",
    `There is no Dockerfile at ${path}. Create it, or name another one (relative paths start at the context, ${displayRoot(root)}).`,
    { path },
  );
}

async function real(file: string): Promise<string | undefined> {
  try {
    return (await realpath(systemPath(file), { encoding: "buffer" })).toString("latin1");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw unreadable(file, error);
  }
}

async function readIgnoreFile(source: DockerfileSource, file: string): Promise<FoundIgnoreFile | undefined> {
  const contextPath = pathInContext(source.root, file);
  const name = nameOf(source.root, file);
  try {
    const found = (await realpath(systemPath(file), { encoding: "buffer" })).toString("latin1");
    if (await escapes(source, file, found)) throw linkEscapes(`The ignore file ${name}`, name);
    return { name, contextPath, text: (await readBytes(source, found)).toString("utf8") };
  } catch (error) {
    if (error instanceof ContextError) throw error;
    // A directory of that name is an ordinary entry, for the Python client too.
    if (isMissing(error) || (error as NodeJS.ErrnoException).code === "EISDIR") return undefined;
    throw new ContextError("unreadable", `The ignore file ${name} cannot be read: ${messageOf(error)}.`, {
      path: name,
      cause: error,
    });
  }
}

/** Whether a link in the context leads out of it, and may not. */
async function escapes({ root, symlinks }: DockerfileSource, path: string, found: string): Promise<boolean> {
  if ((symlinks ?? "keep") === "keep" || isInside(root, found)) return false;
  // In the context by its own path, or by another name of the context's folder.
  const folder = (await realpath(systemPath(dirname(path)), { encoding: "buffer" })).toString("latin1");
  return isInside(root, path) || isInside(root, folder);
}

/** @param file real path */
async function readBytes({ root, symlinks }: DockerfileSource, file: string): Promise<Buffer> {
  if ((symlinks ?? "keep") === "keep" || !isInside(root, file)) return readFile(systemPath(file));
  const opened = await openEntryHandle({ root, followLinks: true }, relative(root.latin1, file));
  try {
    return await opened.readFile();
  } finally {
    await opened.close();
  }
}

function linkEscapes(what: string, path: string, orName = ""): ContextError {
  return new ContextError(
    "symlink_escapes_context",
    `${what} leads outside of the context through a symbolic link, and nothing outside is read that way. ` +
      `Put a copy in its place${orName}.`,
    { path },
  );
}

/** For messages: relative to the context where it lies in it. */
function nameOf(root: TreeRoot, file: string): string {
  return pathInContext(root, file) ?? displayName(file);
}

/** @returns the path in the context, as text */
function pathInContext(root: TreeRoot, file: string): string | undefined {
  const path = relative(root.latin1, file);
  if (path === "" || path === ".." || path.startsWith(`..${sep}`)) return undefined;
  return displayName(path);
}

function unreadable(file: string, cause: unknown): ContextError {
  const path = displayName(file);
  return new ContextError("dockerfile_unreadable", `The Dockerfile ${path} cannot be read: ${messageOf(cause)}.`, {
    path,
    cause,
  });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
