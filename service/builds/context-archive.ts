import { Readable } from "node:stream";
import { END_OF_ARCHIVE, paddingOf, tarHeader } from "pulumi-nullspace/context";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { ContextEntry } from "./context-entries.ts";
import { isUnder, normalizeSource } from "./copy-sources.ts";
import type { CopyPlacement } from "./dockerfile/render-dockerfile.ts";

/** An entry of the archive that the builder is sent. */
export interface ArchiveEntry {
  path: string;
  type: "file" | "dir";
  mode: number;
  /** Body, by the SHA-256 of a blob or as text. */
  body?: { digest: string; sizeBytes: number } | { text: string };
}

/** The whole context, as a Dockerfile sees it. */
export function contextEntries(context: readonly ContextEntry[]): ArchiveEntry[] {
  return context.map((entry) => toArchiveEntry(entry, entry.path, entry.mode));
}

/** For each copy of a declarative build its own folder, with the names and modes that the copy is to have. */
export function placedEntries(context: readonly ContextEntry[], placements: readonly CopyPlacement[]): ArchiveEntry[] {
  return placements.flatMap(({ order, folder }) => {
    const placed = new Map<string, ArchiveEntry>([[folder, { path: folder, type: "dir", mode: 0o755 }]]);
    for (const source of order.sources.map(normalizeSource)) {
      for (const entry of context) {
        if (!isUnder(entry.path, source)) continue;
        // A folder gives what is in it, a file itself under its own name.
        const below = entry.path === source ? "" : entry.path.slice(source === "" ? 0 : source.length + 1);
        if (entry.type === "dir" && below === "") continue;
        const path = `${folder}/${below === "" ? entry.path.split("/").at(-1) : below}`;
        placed.set(path, toArchiveEntry(entry, path, modeOf(entry, order.mode)));
      }
    }
    return [...placed.values()];
  });
}

/** A file of at most this size is read in one piece, which for thousands of them takes a tenth of the time. */
const SMALL_FILE_BYTES = 256 * 1024;

/** Pieces in which the archive goes out. */
const PIECE_BYTES = 256 * 1024;

/**
 * A tar archive of the entries, sorted by path: equal contexts give equal archives. The caller reads it to its end or
 * destroys it.
 */
export function openArchive(
  blobs: BlobStore,
  entries: readonly ArchiveEntry[] | (() => Promise<readonly ArchiveEntry[]>),
  signal: AbortSignal,
): Readable {
  return Readable.from(pieces(parts(blobs, entries, signal)), { objectMode: false });
}

/** The blocks of the archive as they come: headers, contents, padding. */
async function* parts(
  blobs: BlobStore,
  entries: readonly ArchiveEntry[] | (() => Promise<readonly ArchiveEntry[]>),
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const all = withParents(typeof entries === "function" ? await entries() : entries);
  for (const { path, type, mode, body } of [...all].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    signal.throwIfAborted();
    const text = body !== undefined && "text" in body ? Buffer.from(body.text) : undefined;
    const size = text?.length ?? (body !== undefined && "sizeBytes" in body ? body.sizeBytes : 0);
    yield tarHeader({ path: Buffer.from(path), type, mode, size });
    if (text !== undefined) yield text;
    else if (body !== undefined && "digest" in body) yield* blobContent(blobs, body.digest, size);
    if (paddingOf(size) > 0) yield Buffer.alloc(paddingOf(size));
  }
  yield END_OF_ARCHIVE;
}

/** A blob's bytes, exactly as many as the header before them says. */
export async function* blobContent(blobs: BlobStore, digest: string, size: number): AsyncGenerator<Uint8Array> {
  if (size <= SMALL_FILE_BYTES) {
    yield* await blobContents(blobs, [{ digest, size }]);
    return;
  }
  let seen = 0;
  for await (const chunk of blobs.open(digest) as AsyncIterable<Uint8Array>) {
    seen += chunk.length;
    if (seen <= size) yield chunk;
  }
  refuseOtherSize(digest, size, seen);
}

/** The bytes of blobs that fit into memory together, each exactly as many as its size says. */
export async function blobContents(
  blobs: BlobStore,
  files: readonly { digest?: string; size: number }[],
): Promise<Uint8Array[]> {
  const contents = await blobs.readAll(files.map(({ digest = "" }) => digest));
  for (const [index, { digest = "", size }] of files.entries()) refuseOtherSize(digest, size, contents[index]!.length);
  return contents;
}

function refuseOtherSize(digest: string, expected: number, actual: number): void {
  if (actual === expected) return;
  throw new Error(`the blob ${digest} has ${actual} bytes, and ${expected} were stored: its file was changed`);
}

/** The same bytes in pieces worth sending. */
async function* pieces(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of source) {
    waiting.push(part);
    bytes += part.length;
    if (bytes < PIECE_BYTES) continue;
    yield Buffer.concat(waiting, bytes);
    waiting = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(waiting, bytes);
}

/** Folders that no entry names are there all the same, with the usual mode. */
export function withParents(entries: readonly ArchiveEntry[]): Iterable<ArchiveEntry> {
  const all = new Map(entries.map((entry) => [entry.path, entry]));
  for (const { path } of entries) {
    for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
      const parent = path.slice(0, slash);
      if (all.has(parent)) break;
      all.set(parent, { path: parent, type: "dir", mode: 0o755 });
    }
  }
  return all.values();
}

function toArchiveEntry({ type, digest, sizeBytes }: ContextEntry, path: string, mode: number): ArchiveEntry {
  return { path, type, mode, ...(digest !== undefined && { body: { digest, sizeBytes } }) };
}

/** The mode that a copy asks for; a folder keeps the right to be entered by whoever may read it. */
function modeOf({ type, mode }: ContextEntry, wanted: number | undefined): number {
  if (wanted === undefined) return mode;
  return type === "dir" ? wanted | ((wanted & 0o444) >> 2) : wanted;
}
