import type { Readable } from "node:stream";
import type { ListedContext, ListedEntry } from "pulumi-nullspace/docker";
import type { BlobStore } from "../blobs/blob-store.ts";
import { blobContent, blobContents, openArchive, withParents, type ArchiveEntry } from "../builds/context-archive.ts";

/** What is built from. */
export interface BlobContextInput {
  /** Text of the Dockerfile, which is no part of what the build sees. */
  text: string;
  entries: readonly ArchiveEntry[];
  /** Name of the copy that BuildKit keeps for the next build. */
  sharedKey: string;
}

/** Blobs as a context that a builder fetches file by file, and only what it lacks, or takes as an archive. */
export function blobContext(blobs: BlobStore, { text, entries, sharedKey }: BlobContextInput): ListedContext {
  return {
    sharedKey,
    dockerfileText: text,
    entries: [...withParents(entries)].map(toListedEntry),
    open: ({ digest = "", size }) => blobContent(blobs, digest, size),
    readAll: (listed) => blobContents(blobs, listed),
    archive: (signal) => openHiddenArchive(blobs, entries, text, signal),
  };
}

function toListedEntry({ path, type, mode, body }: ArchiveEntry): ListedEntry {
  if (body === undefined || !("digest" in body)) return { path, type, mode, size: 0 };
  return { path, type, mode, size: body.sizeBytes, digest: body.digest };
}

const IGNORE_FILE = ".dockerignore";

/**
 * The archive of a classic builder, which reads the Dockerfile out of it: an ignore file that names it keeps it out of
 * what `COPY .` copies, as with the Docker command line.
 */
function openHiddenArchive(
  blobs: BlobStore,
  entries: readonly ArchiveEntry[],
  text: string,
  signal: AbortSignal,
): { body: Readable; dockerfile: string } {
  const dockerfile = freeName(entries);
  const hidden = async (): Promise<ArchiveEntry[]> => [
    ...entries.filter(({ path }) => path !== IGNORE_FILE),
    {
      path: IGNORE_FILE,
      type: "file",
      mode: 0o644,
      body: { text: `${await ignoreRules(blobs, entries)}\n${dockerfile}\n` },
    },
    { path: dockerfile, type: "file", mode: 0o644, body: { text } },
  ];
  return { body: openArchive(blobs, hidden, signal), dockerfile };
}

/** The rules of the context itself; without any, the ignore file hides no more than itself. */
async function ignoreRules(blobs: BlobStore, entries: readonly ArchiveEntry[]): Promise<string> {
  const own = entries.find(({ path }) => path === IGNORE_FILE)?.body;
  if (own === undefined) return IGNORE_FILE;
  if ("text" in own) return own.text;
  const [rules] = await blobs.readAll([own.digest]);
  return Buffer.from(rules!).toString("utf8");
}

/** A name for the Dockerfile that nothing in the context has. */
function freeName(entries: readonly ArchiveEntry[]): string {
  const taken = new Set(entries.map(({ path }) => path));
  let name = "Dockerfile";
  while (taken.has(name)) name += ".nullspace";
  return name;
}
