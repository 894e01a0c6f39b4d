import { hash } from "node:crypto";
import { RecordHash } from "../hash/record-hash.ts";
import { digestBytes, type EntryTable } from "../table/entry-table.ts";
import { DIRECTORY, EXECUTABLE, SYMLINK } from "../table/kind.ts";
import { latin1At, textAt } from "../table/text-column.ts";
import { type DirectoryFold, foldDirectories, haveSamePrefix } from "./fold.ts";

/** Lines of a manifest unless asked otherwise: what a reader of a preview, and the engine's state, can take. */
export const DEFAULT_MANIFEST_ENTRIES = 500;
/** Hex digits of a digest in the manifest. It explains; the context hash decides. */
const DIGEST_DIGITS = 12;
/** Longer link texts are given as a digest. */
const MAX_LINK_TEXT = 80;
/** The line of a Dockerfile that is sent from outside of the context. */
export const OUTSIDE_DOCKERFILE = "(Dockerfile)";
/** The line of a context whose root alone has more entries than the manifest may have lines. */
const WHOLE_CONTEXT = "./";

/** Path -> short digest. A path with a slash at its end stands for everything below that directory. */
export type Manifest = Record<string, string>;

/**
 * What changed, in a form for people: a file is `<digest>`, or `<digest>+x` when it is executable; a link is
 * `-> <target>`, an empty directory `dir`. Above `cap` lines, directories are folded into one line with one digest.
 * A change in one file always changes exactly one line: its own, or that of a directory above it.
 */
export function buildManifest(table: EntryTable, cap = DEFAULT_MANIFEST_ENTRIES, outsideDockerfile?: string): Manifest {
  // Without a prototype: `__proto__` is a name like any other.
  const manifest = Object.create(null) as Manifest;
  if (outsideDockerfile !== undefined) manifest[OUTSIDE_DOCKERFILE] = outsideDockerfile.slice(0, DIGEST_DIGITS);
  const directories = foldDirectories(table, outsideDockerfile === undefined ? cap : cap - 1);
  const records = new RecordHash();
  let open: { prefix: string; first: number } | undefined;
  const close = () => {
    if (open) manifest[lineName(open.prefix)] = records.digest().slice(0, DIGEST_DIGITS);
    open = undefined;
  };
  for (let index = 0; index < table.length; index++) {
    // What lies below one directory comes in one run.
    if (open && haveSamePrefix(table, open.first, index, open.prefix.length)) {
      records.addEntry(table, index);
      continue;
    }
    close();
    const path = latin1At(table.paths, index);
    const prefix = foldedPrefix(path, directories);
    if (prefix === undefined) {
      // A directory with content shows through its content.
      if (table.kinds[index] === DIRECTORY && directories.get(`${path}/`)!.children > 0) continue;
      manifest[textAt(table.paths, index)] = describe(table, index);
      continue;
    }
    open = { prefix, first: index };
    records.addEntry(table, index);
  }
  close();
  return manifest;
}

/** The outermost directory on the way to `path` that is one line; `undefined` when the path has a line of its own. */
function foldedPrefix(path: string, directories: ReadonlyMap<string, DirectoryFold>): string | undefined {
  for (let end = 0; ;) {
    const prefix = path.slice(0, end);
    if (!directories.get(prefix)!.isExpanded) return prefix;
    end = path.indexOf("/", end) + 1;
    if (end === 0) return undefined;
  }
}

function lineName(prefix: string): string {
  return prefix === "" ? WHOLE_CONTEXT : Buffer.from(prefix, "latin1").toString("utf8");
}

function describe(table: EntryTable, index: number): string {
  const kind = table.kinds[index];
  if (kind === DIRECTORY) return "dir";
  if (kind === SYMLINK) {
    const target = textAt(table.targets, index);
    const shown = target.length > MAX_LINK_TEXT ? hash("sha256", target).slice(0, DIGEST_DIGITS) : target;
    return `-> ${shown}`;
  }
  const digest = digestBytes(table, index).toString("hex").slice(0, DIGEST_DIGITS);
  return kind === EXECUTABLE ? `${digest}+x` : digest;
}
