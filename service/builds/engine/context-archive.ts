import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pack, type Pack } from "tar-stream";
import type { BlobStore } from "../../blobs/blob-store.ts";
import type { ContextEntry } from "../context-entries.ts";
import { isUnder, normalizeSource } from "../copy-sources.ts";
import type { CopyPlacement } from "../dockerfile/render-dockerfile.ts";

/** An entry of the archive that the builder is sent. */
export interface ArchiveEntry {
  path: string;
  type: "file" | "dir";
  mode: number;
  /** Body, by the SHA-256 of a blob or as text. */
  body?: { digest: string; sizeBytes: number } | { text: string };
}

/** Equal contexts give equal archives. */
const MTIME = new Date(0);

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

/**
 * A tar archive of the entries, sorted by path. The caller reads it to its end or destroys it.
 */
export function openArchive(blobs: BlobStore, entries: readonly ArchiveEntry[], signal: AbortSignal): Readable {
  const archive = pack();
  const sorted = [...withParents(entries)].sort((a, b) => (a.path < b.path ? -1 : 1));
  write(archive, blobs, sorted, signal).catch((error: unknown) => archive.destroy(error as Error));
  return Readable.from(archive, { objectMode: false });
}

async function write(
  archive: Pack,
  blobs: BlobStore,
  entries: readonly ArchiveEntry[],
  signal: AbortSignal,
): Promise<void> {
  for (const { path, type, mode, body } of entries) {
    signal.throwIfAborted();
    const common = { name: path, mode, mtime: MTIME };
    if (type === "dir") archive.entry({ ...common, type: "directory" });
    else if (body !== undefined && "text" in body) archive.entry(common, body.text);
    else if (body === undefined || body.sizeBytes === 0) archive.entry({ ...common, size: 0 }, "");
    else await pipeline(blobs.open(body.digest), archive.entry({ ...common, size: body.sizeBytes }), { signal });
  }
  archive.finalize();
}

/** Folders that no entry names are there all the same, with the usual mode. */
function withParents(entries: readonly ArchiveEntry[]): Iterable<ArchiveEntry> {
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
