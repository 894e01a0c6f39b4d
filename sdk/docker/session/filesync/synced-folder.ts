/** What BuildKit is told of one entry of a folder before it asks for contents (fsutil, types/stat.proto). */
export interface EntryStat {
  /** UTF-8, `/` between the segments. */
  path: Uint8Array;
  type: "file" | "dir" | "symlink";
  /** Permission bits. */
  mode: number;
  size: number;
  /** Nanoseconds since the epoch. A file whose size and time are those of the last transfer is not asked for again. */
  mtimeNs: bigint;
  /** Link text. */
  target?: Uint8Array;
}

/** What stands between two paths of a query: HTTP/2 headers of one name come as one text. A path may hold it too. */
export const QUERY_SEPARATOR = ", ";

/** Which part of a folder BuildKit asks for. */
export interface FolderQuery {
  /**
   * Paths that are wanted, as patterns.
   *
   * @default all
   */
  include: string | undefined;
  /**
   * Paths that the build copies from, as patterns.
   *
   * @default all
   */
  follow: string | undefined;
  /** Whether the rules of an ignore file are to be applied. */
  hasExcludes: boolean;
}

/** The entries that one transfer is about, by the numbers that BuildKit asks for them with. */
export interface FolderListing {
  readonly length: number;
  /** In the order of fsutil: segment by segment, each directory right before what it holds. */
  stat(id: number): EntryStat;
  /** Content of a file, exactly as long as its `size`. */
  open(id: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Contents of several files, which together are no more than memory has room for. Absent if one by one is just as good. */
  readAll?(ids: readonly number[], signal: AbortSignal): Promise<readonly Uint8Array[]>;
}

/** A folder of this client that BuildKit may copy, or bring its own copy of up to date from. */
export interface SyncedFolder {
  list(query: FolderQuery): FolderListing | Promise<FolderListing>;
}

/** Folders that a session offers. */
export interface SyncedFolders {
  /** By the names under which BuildKit asks for them. */
  folders: ReadonlyMap<string, SyncedFolder>;
  /** Name of the copies that BuildKit keeps for the next build. */
  sharedKey: string;
}

/** Sorts as fsutil does: a slash comes before every other byte. @param path each character one byte of it */
export function fsutilOrder(path: string): string {
  return path.replaceAll("/", "\0");
}
