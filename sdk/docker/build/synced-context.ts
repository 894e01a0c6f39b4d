import { hash } from "node:crypto";
import { isUtf8 } from "node:buffer";
import { text } from "node:stream/consumers";
import { type ContextTree, openContextFile, readContextFiles } from "../../context/index.ts";
import { digestBytes, type EntryTable } from "../../context/table/entry-table.ts";
import { DIRECTORY, isFileKind, kindFacts, SYMLINK } from "../../context/table/kind.ts";
import { hasFineTimes } from "../../context/walk/file-identity.ts";
import { bufferOf, latin1At, textAt, textBytes } from "../../context/table/text-column.ts";
import { nameInFolder } from "./dockerfile-name.ts";
import { folderKey } from "./folder-key.ts";
import {
  type FolderListing,
  type FolderQuery,
  fsutilOrder,
  QUERY_SEPARATOR,
  type SyncedFolder,
  type SyncedFolders,
} from "../session/filesync/synced-folder.ts";

/**
 * A context that BuildKit fetches from this client, and of which it keeps a copy for the next build. The Dockerfile frontend
 * asks for two folders, `context` and, for that file alone, `dockerfile`.
 */
export interface SyncedContext extends SyncedFolders {
  /** Name of the Dockerfile in its folder. */
  dockerfile: string;
  dockerfileText: string;
}

/** Name of the ignore file that stands in for an outside one, whose rules were applied here. It excludes nothing. */
export const NO_RULES = "# The rules were applied by the client.\n";

/** @returns `undefined` for a context that BuildKit could not take this way: with names that are not UTF-8 */
export async function syncedContext(context: ContextTree): Promise<SyncedContext | undefined> {
  const { dockerfile } = context;
  const folder = syncedFolder(context);
  if (dockerfile === undefined || folder === undefined) return undefined;
  const { ignoreFile } = dockerfile;
  const name = nameInFolder(dockerfile.path);
  const rules = ignoreFile === undefined ? NO_RULES : await text(openContextFile(context, ignoreFile));
  const files = new Map([[name, Buffer.from(dockerfile.content)]]);
  // The frontend looks for `<Dockerfile>.dockerignore` here, and for `.dockerignore` in the context if there is none.
  if (ignoreFile !== ".dockerignore") files.set(`${name}.dockerignore`, Buffer.from(rules));
  return {
    folders: new Map<string, SyncedFolder>([
      ["context", folder],
      ["dockerfile", { list: () => listFiles(files) }],
    ]),
    sharedKey: sharedKey(context),
    dockerfile: name,
    dockerfileText: dockerfile.content,
  };
}

/** @returns `undefined` for one with names that are not UTF-8 */
export function syncedFolder(context: ContextTree): SyncedFolder | undefined {
  const { paths, targets } = context.table;
  if (!isUtf8(paths.bytes) || !isUtf8(targets.bytes)) return undefined;
  return { list: (query) => listContext(context, query) };
}

/**
 * BuildKit takes a file whose size and time are those of its copy for the same. That holds where times are fine; where
 * somebody has set them to whole seconds (an archive that was unpacked, a tool that makes builds repeatable) it may not,
 * so that the digests of such files are part of the key: when one changes, nothing of the old copy is used.
 */
export function sharedKey({ root, table }: ContextTree): string {
  const key = folderKey(root);
  for (let index = 0; index < table.length; index++) {
    if (!isFileKind(table.kinds[index]!) || hasFineTimes({ mtimeNs: table.mtimes[index]! })) continue;
    key.update(textBytes(table.paths, index)).update("\0").update(digestBytes(table, index));
  }
  return key.digest("hex");
}

function listContext(context: ContextTree, query: FolderQuery): FolderListing {
  const { table } = context;
  const listed = inFsutilOrder(table, wantedEntries(context, query));
  return {
    length: listed.length,
    stat(id) {
      const { path, index } = listed[id]!;
      const kind = index === undefined ? DIRECTORY : table.kinds[index]!;
      return {
        ...kindFacts(kind),
        path: Buffer.from(path, "latin1"),
        size: index === undefined ? 0 : table.sizes[index]!,
        mtimeNs: index !== undefined && isFileKind(kind) ? table.mtimes[index]! : 0n,
        ...(index !== undefined && kind === SYMLINK ? { target: textBytes(table.targets, index) } : {}),
      };
    },
    readAll: (ids, signal) =>
      readContextFiles(
        context,
        // Only files are asked for, and they have an index.
        ids.map((id) => listed[id]!.index!),
        { signal },
      ),
    open: (id, signal) => {
      const path = Buffer.from(listed[id]!.path, "latin1").toString("utf8");
      return openContextFile(context, path, { signal });
    },
  };
}

interface Listed {
  /** Each character one byte. */
  path: string;
  /** Absent for a directory that is no entry itself, but holds one: an exception below an excluded one. */
  index?: number;
}

function inFsutilOrder(table: EntryTable, indices: readonly number[]): Listed[] {
  const listed = new Map<string, Listed>();
  let lastFolder = "";
  for (const index of indices) {
    const path = latin1At(table.paths, index);
    listed.set(path, { path, index });
    // Neighbours mostly lie in one folder, whose parents are listed then.
    const folder = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
    if (folder === lastFolder) continue;
    lastFolder = folder;
    for (let at = folder.length; at > 0; at = folder.lastIndexOf("/", at - 1)) {
      const parent = folder.slice(0, at);
      if (!listed.has(parent)) listed.set(parent, { path: parent });
    }
  }
  const keyed = [...listed.values()].map((one) => ({ one, key: fsutilOrder(one.path) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ one }) => one);
}

/**
 * The rules were applied when the context was read. The Dockerfile and the ignore file are among its entries whatever they
 * say, as an archive needs them there; here they have ways of their own.
 */
function wantedEntries({ table, hidden }: ContextTree, query: FolderQuery): number[] {
  // Without rules it is the ignore file itself that is asked for.
  const dropped = query.hasExcludes ? hidden : new Set();
  const isWanted = wantedPaths(query.include ?? query.follow, table);
  const wanted: number[] = [];
  for (let index = 0; index < table.length; index++) {
    if (!dropped.has(index) && (!isWanted || isWanted(textAt(table.paths, index)))) wanted.push(index);
  }
  return wanted;
}

/**
 * Whether a path is one of those asked for, below one, or on the way to one. More may be sent than was asked for.
 *
 * @returns `undefined` when all are wanted
 */
function wantedPaths(asked: string | undefined, table: EntryTable): ((path: string) => boolean) | undefined {
  // A pattern, or a link on the way, may lead anywhere; and what a name holds that separates paths is not known.
  if (asked === undefined || /[*?[\\!]/.test(asked) || table.kinds.includes(SYMLINK)) return undefined;
  if (bufferOf(table.paths.bytes).includes(QUERY_SEPARATOR)) return undefined;
  const paths = asked.split(QUERY_SEPARATOR).map((path) => path.replace(/^(?:\.?\/)+|\/+$/g, ""));
  if (paths.some((path) => path === "" || path === "." || path.startsWith(".."))) return undefined;
  return (path) => paths.some((one) => path === one || path.startsWith(`${one}/`) || one.startsWith(`${path}/`));
}

/** Files that are in no context. Their time is their content's, as it is all that tells one from the next. */
export function listFiles(files: ReadonlyMap<string, Buffer>): FolderListing {
  const list = [...files].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return {
    length: list.length,
    stat(id) {
      const [name, content] = list[id]!;
      const mtimeNs = BigInt(`0x${hash("sha256", content).slice(0, 12)}`);
      return { path: Buffer.from(name), type: "file", mode: 0o644, size: content.length, mtimeNs };
    },
    async *open(id) {
      yield list[id]![1];
    },
  };
}
