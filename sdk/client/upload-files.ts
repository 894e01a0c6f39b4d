import {
  callback,
  check,
  like,
  listOf,
  options as optionsOf,
  signal as abortSignal,
  whole,
  type Members,
} from "../arguments/index.ts";
import type { BlobBatchLimits, ContextFile, PreflightFile } from "../wire/blob.ts";
import type { BlobsApi } from "./blobs.ts";
import { ApiError } from "./errors.ts";
import { inLoads, readLoad, type UploadItem, type UploadLoad } from "./upload-loads.ts";
import type { UploadEntry, UploadFile } from "./upload-entry.ts";
import { inLanes } from "./worker-lanes.ts";

/** Uploads at once; more than a few saturate a link, and the pool of connections has other work. */
export const DEFAULT_UPLOAD_CONCURRENCY = 8;
/** Entries asked about in one preflight call, so that its body stays within what services take. */
const PREFLIGHT_BATCH = 5_000;

/** How far an upload is; sizes are those of what the service lacks. */
export interface UploadProgress {
  /** File that was just begun or completed, one of those that share the blob. */
  path: string;
  blobId: string;
  state: "uploading" | "completed";
  uploadedFiles: number;
  totalFiles: number;
  uploadedBytes: number;
  totalBytes: number;
}

/** How to upload. */
export interface UploadOptions {
  signal?: AbortSignal | undefined;
  /**
   * Uploads at once.
   *
   * @default 8
   */
  concurrency?: number | undefined;
  onProgress?: ((progress: UploadProgress) => void) | undefined;
}

export const UPLOAD_MEMBERS: Members<UploadOptions> = {
  signal: abortSignal,
  concurrency: whole(1),
  onProgress: callback,
};
const UPLOAD = optionsOf<UploadOptions>(UPLOAD_MEMBERS);
const BLOBS_API = like(
  "the blobs of a NullspaceClient",
  ({ ask, put }) => callback.accepts(ask) && callback.accepts(put),
);
const ENTRIES = listOf(like("a file or folder with its path and mode", isEntry), "files and folders");

function isEntry({ type, path, mode, open }: Readonly<Record<PropertyKey, unknown>>): boolean {
  const isPlace = typeof path === "string" && typeof mode === "string";
  return isPlace && (type === "dir" || (type === "file" && typeof open === "function"));
}

/**
 * Gets the service to have every file: asks by digest what it lacks, and uploads that, each blob once. After a failure
 * call it again: what has arrived is not sent twice.
 *
 * @returns the entries as a build request names them, in the order given
 * @example
 * ```ts
 * import { createHash } from "node:crypto";
 * import { readFile } from "node:fs/promises";
 *
 * await using client = new NullspaceClient();
 * const bytes = await readFile("app/index.js");
 * const files = await uploadFiles(client.blobs, [
 *   {
 *     type: "file",
 *     path: "index.js",
 *     mode: "0644",
 *     sizeBytes: bytes.length,
 *     sha256: createHash("sha256").update(bytes).digest("hex"),
 *     open: () => bytes,
 *   },
 * ]);
 * ```
 */
export async function uploadFiles(
  blobs: BlobsApi,
  entries: readonly UploadEntry[],
  options: UploadOptions = {},
): Promise<ContextFile[]> {
  check("uploadFiles", { blobs: BLOBS_API, entries: ENTRIES, options: UPLOAD }, { blobs, entries, options });
  const { signal, concurrency = DEFAULT_UPLOAD_CONCURRENCY, onProgress } = options;
  const files: ContextFile[] = [];
  const missing = new Map<string, UploadFile>();
  let limits: BlobBatchLimits | undefined;
  for (let from = 0; from < entries.length; from += PREFLIGHT_BATCH) {
    const asked = entries.slice(from, from + PREFLIGHT_BATCH);
    const { results, batch } = await blobs.ask(asked.map(describe), { signal });
    limits = batch;
    for (const [index, entry] of asked.entries()) {
      const { blob_id, missing: lacks } = results[index]!;
      files.push({
        path: entry.path,
        entry_type: entry.type,
        ...(entry.type === "file" && { blob_id: blob_id! }),
        mode: entry.mode,
      });
      if (entry.type === "file" && lacks && !missing.has(blob_id!)) missing.set(blob_id!, entry);
    }
  }

  const totalFiles = missing.size;
  const totalBytes = [...missing.values()].reduce((sum, file) => sum + file.sizeBytes, 0);
  let uploadedFiles = 0;
  let uploadedBytes = 0;
  const report = ([blobId, file]: UploadItem, state: UploadProgress["state"]): void => {
    if (state === "completed") {
      uploadedFiles += 1;
      uploadedBytes += file.sizeBytes;
    }
    onProgress?.({ path: file.path, blobId, state, uploadedFiles, totalFiles, uploadedBytes, totalBytes });
  };
  await inLanes(
    inLoads([...missing], limits),
    concurrency,
    async (load, stopped) => {
      for (const item of load) report(item, "uploading");
      if (load.length > 1 && (await sendTogether(blobs, load, stopped))) {
        for (const item of load) report(item, "completed");
        return;
      }
      for (const item of load) {
        const [blobId, { open, sizeBytes, path }] = item;
        await blobs.put(blobId, { open, sizeBytes, path }, { signal: stopped });
        report(item, "completed");
      }
    },
    signal,
  );
  return files;
}

/** @returns `false` when the service refuses one of them: sent one by one, the error names the file */
async function sendTogether(blobs: BlobsApi, load: UploadLoad, signal: AbortSignal): Promise<boolean> {
  const contents = await readLoad(
    load.map(([, file]) => file),
    signal,
  );
  try {
    await blobs.putBatch(
      load.map(([blobId], index) => ({ blobId, bytes: contents[index]! })),
      { signal },
    );
    return true;
  } catch (error) {
    if (error instanceof ApiError && [400, 404, 413].includes(error.status ?? 0)) return false;
    throw error;
  }
}

function describe(entry: UploadEntry): PreflightFile {
  const { mode } = entry;
  if (entry.type === "dir") return { path: entry.path, entry_type: "dir", mode };
  return {
    path: entry.path,
    entry_type: "file",
    mode,
    sha256: entry.sha256,
    size_bytes: entry.sizeBytes,
    ...(entry.forceUpload && { force_upload: true }),
  };
}
