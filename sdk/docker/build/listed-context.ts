import type { Readable } from "node:stream";
import { fsutilOrder, type FolderListing, type SyncedFolder } from "../session/filesync/synced-folder.ts";
import { listFiles, NO_RULES, type SyncedContext } from "./synced-context.ts";

/** An entry of a context that is not a folder of this machine. */
export interface ListedEntry {
  /** `/` between the segments. */
  path: string;
  type: "file" | "dir";
  /** Permission bits. */
  mode: number;
  /** Bytes; 0 for a directory. */
  size: number;
  /** SHA-256 of a file, lower-case hex. */
  digest?: string;
}

/**
 * A context whose entries the caller lists and opens. BuildKit fetches what it lacks of them; a builder that cannot is sent
 * the archive. No ignore file has a say in it: what is listed is what the build sees, and the Dockerfile is not.
 */
export interface ListedContext {
  /** Every directory on the way to an entry is an entry too. */
  entries: readonly ListedEntry[];
  /** Text of the Dockerfile. */
  dockerfileText: string;
  /** Opens a file, for exactly `size` bytes. */
  open(entry: ListedEntry, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Contents of several small files at once, in the order given. Absent if one by one is just as good. */
  readAll?(entries: readonly ListedEntry[], signal: AbortSignal): Uint8Array[] | Promise<Uint8Array[]>;
  /** The same as a tar archive, which the caller of this reads to its end or destroys. */
  archive(signal: AbortSignal): { body: Readable; dockerfile: string };
  /** Name of the copy that BuildKit keeps for the next build: one for contexts that have much in common. */
  sharedKey: string;
}

const DOCKERFILE = "Dockerfile";

/** A listed context as BuildKit fetches it through a session. */
export function syncListedContext(context: ListedContext): SyncedContext {
  const files = new Map([
    [DOCKERFILE, Buffer.from(context.dockerfileText)],
    // Before a `.dockerignore` of the context, which is a file like any other here.
    [`${DOCKERFILE}.dockerignore`, Buffer.from(NO_RULES)],
  ]);
  return {
    folders: new Map<string, SyncedFolder>([
      ["context", { list: () => listEntries(context) }],
      ["dockerfile", { list: () => listFiles(files) }],
    ]),
    sharedKey: context.sharedKey,
    dockerfile: DOCKERFILE,
    dockerfileText: context.dockerfileText,
  };
}

function listEntries({ entries, open, readAll }: ListedContext): FolderListing {
  const listed = entries
    // The order is that of the bytes.
    .map((entry) => ({ entry, key: fsutilOrder(Buffer.from(entry.path).toString("latin1")) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ entry }) => entry);
  return {
    length: listed.length,
    stat(id) {
      const { path, type, mode, size, digest } = listed[id]!;
      // A file has no time here; one made of its digest is another for each content.
      const mtimeNs = digest === undefined ? 0n : BigInt(`0x${digest.slice(0, 12)}`);
      return { path: Buffer.from(path), type, mode, size, mtimeNs };
    },
    open: (id, signal) => open(listed[id]!, signal),
    ...(readAll !== undefined && {
      readAll: async (ids, signal) =>
        readAll(
          ids.map((id) => listed[id]!),
          signal,
        ),
    }),
  };
}
