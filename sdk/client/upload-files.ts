import type { Readable } from "node:stream";
import type { ContextFile, PreflightFile } from "../wire/blob.ts";
import type { BlobsApi } from "./blobs.ts";
import { InvalidArgumentError } from "./errors.ts";
import { inLanes } from "./worker-lanes.ts";

/** Uploads at once; more than a few saturate a link, and the pool of connections has other work. */
export const DEFAULT_UPLOAD_CONCURRENCY = 8;
/** Entries asked about in one preflight call, so that its body stays within what services take. */
const PREFLIGHT_BATCH = 5_000;

/** One entry of a build context, with a way to its bytes. */
export type UploadEntry = UploadFile | UploadFolder;

/** A file: `open` is called only when the service lacks its bytes, and again for every try. */
export interface UploadFile {
  type: "file";
  /** Path in the context that the build sees. */
  path: string;
  /** Permission bits, octal: `0644`. */
  mode: string;
  sizeBytes: number;
  sha256: string;
  /** Ask for a fresh upload even if the service has these bytes. */
  forceUpload?: boolean;
  open: (signal: AbortSignal | undefined) => Readable | Uint8Array;
}

/** A folder. */
export interface UploadFolder {
  type: "dir";
  path: string;
  mode: string;
}

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
  /** Uploads at once; default 8. */
  concurrency?: number | undefined;
  onProgress?: ((progress: UploadProgress) => void) | undefined;
}

/**
 * Gets the service to have every file: asks by digest what it lacks, and uploads that, each blob once. After a failure
 * call it again: what has arrived is not sent twice.
 *
 * @returns the entries as a build request names them, in the order given
 */
export async function uploadFiles(
  blobs: BlobsApi,
  entries: readonly UploadEntry[],
  options: UploadOptions = {},
): Promise<ContextFile[]> {
  const { signal, concurrency = DEFAULT_UPLOAD_CONCURRENCY, onProgress } = options;
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new InvalidArgumentError("concurrency", `must be a whole number, 1 or more, not ${concurrency}`);
  }
  const files: ContextFile[] = [];
  const missing = new Map<string, UploadFile>();
  for (let from = 0; from < entries.length; from += PREFLIGHT_BATCH) {
    const batch = entries.slice(from, from + PREFLIGHT_BATCH);
    const results = await blobs.preflight(batch.map(describe), { signal });
    for (const [index, entry] of batch.entries()) {
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
  await inLanes(
    [...missing],
    concurrency,
    async ([blobId, file], stopped) => {
      const report = (state: UploadProgress["state"]): void =>
        onProgress?.({ path: file.path, blobId, state, uploadedFiles, totalFiles, uploadedBytes, totalBytes });
      report("uploading");
      await blobs.put(blobId, { open: file.open, sizeBytes: file.sizeBytes, path: file.path }, { signal: stopped });
      uploadedFiles += 1;
      uploadedBytes += file.sizeBytes;
      report("completed");
    },
    signal,
  );
  return files;
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
