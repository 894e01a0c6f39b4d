import { Readable } from "node:stream";
import type { BuildContext, ContextEntry } from "../context/index.ts";
import type { ContextFile } from "../wire/blob.ts";
import { UnsupportedEntryError } from "./errors.ts";
import type { NullspaceClient } from "./client.ts";
import { uploadFiles, type UploadEntry, type UploadOptions } from "./upload-files.ts";

/**
 * Gets the service to have every file of a build context: asks by digest what it lacks, and uploads only that. After a
 * failure call it again: what has arrived is not sent twice.
 *
 * @returns the entries to put into a build request's `build_context`
 * @throws UnsupportedEntryError for a symbolic link, before anything is sent: the service has no form for one
 */
export async function uploadContext(
  client: Pick<NullspaceClient, "blobs">,
  context: BuildContext,
  options: UploadOptions = {},
): Promise<ContextFile[]> {
  const entries = context.entries.map((entry) => uploadEntry(context, entry));
  return uploadFiles(client.blobs, entries, options);
}

function uploadEntry(context: BuildContext, entry: ContextEntry): UploadEntry {
  const { path, type, mode } = entry;
  if (type === "dir") return { type, path, mode };
  if (type === "symlink" || entry.sha256 === undefined) throw new UnsupportedEntryError(path, type);
  return {
    type: "file",
    path,
    mode,
    sizeBytes: entry.size,
    sha256: entry.sha256,
    open: () => Readable.from(readEntry(context, path), { objectMode: false }),
  };
}

/** Whoever has a context has loaded its floor; whoever has none does not pay for it. */
async function* readEntry(context: BuildContext, path: string): AsyncGenerator<Uint8Array> {
  const { openContextFile } = await import("../context/index.ts");
  yield* openContextFile(context, path) as AsyncIterable<Uint8Array>;
}
