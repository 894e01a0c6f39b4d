import { buffer } from "node:stream/consumers";
import type { BlobBatchLimits } from "../wire/blob.ts";
import type { UploadFile } from "./upload-entry.ts";

/** A blob's id and one of the files that have its bytes. */
export type UploadItem = readonly [blobId: string, file: UploadFile];

/** What goes up in one call: one file of any size, or several small ones. */
export type UploadLoad = readonly UploadItem[];

/** A file above this size goes alone: together with others it would only wait to be whole in memory. */
const SMALL_FILE_BYTES = 64 * 1024;

/** Small files together as the service takes them, the others alone. Without limits each goes alone. */
export function inLoads(items: readonly UploadItem[], limits: BlobBatchLimits | undefined): UploadLoad[] {
  if (limits === undefined) return items.map((item) => [item]);
  const loads: UploadLoad[] = [];
  let load: UploadItem[] = [];
  let bytes = 0;
  for (const item of items) {
    const { sizeBytes } = item[1];
    if (sizeBytes > Math.min(SMALL_FILE_BYTES, limits.max_bytes)) {
      loads.push([item]);
      continue;
    }
    if (load.length === limits.max_blobs || bytes + sizeBytes > limits.max_bytes) {
      loads.push(load);
      load = [];
      bytes = 0;
    }
    load.push(item);
    bytes += sizeBytes;
  }
  return load.length > 0 ? [...loads, load] : loads;
}

/** Contents of small files, in the order given. */
export async function readLoad(files: readonly UploadFile[], signal: AbortSignal): Promise<Uint8Array[]> {
  const together = files[0]?.readTogether;
  if (together !== undefined && files.every(({ readTogether }) => readTogether === together)) {
    return together(files, signal);
  }
  const contents: Uint8Array[] = [];
  for (const { open } of files) {
    signal.throwIfAborted();
    const content = open(signal);
    contents.push(content instanceof Uint8Array ? content : await buffer(content));
  }
  return contents;
}
