import { createHash, hash } from "node:crypto";
import type { PreflightFile } from "pulumi-nullspace/wire";
import { BATCH_LIMITS, MAX_BLOB_BYTES, MAX_CONTEXT_BYTES } from "./blob-limits.ts";
import { uploadError } from "./upload-error.ts";

/** What an upload is held against. */
export interface ExpectedBody {
  /** SHA-256, lower-case hex. */
  readonly digest: string;
  readonly sizeBytes: number;
}

/** The bytes of an upload that fits into memory. @throws InvalidRequestError `file_upload_error` when they are not what is expected */
export async function readWhole(
  blob: ExpectedBody,
  blobId: string,
  body: AsyncIterable<Uint8Array>,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of exactly(blob, blobId, body)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  refuseOtherDigest(blob, blobId, hash("sha256", bytes));
  return bytes;
}

/** The chunks of an upload as they come. @throws InvalidRequestError `file_upload_error` at the end when they are not what is expected, or sooner */
export async function* checked(
  blob: ExpectedBody,
  blobId: string,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const sum = createHash("sha256");
  for await (const chunk of exactly(blob, blobId, body)) {
    sum.update(chunk);
    yield chunk;
  }
  refuseOtherDigest(blob, blobId, sum.digest("hex"));
}

/** The chunks of an upload, which must be as long as the preflight said. */
async function* exactly(
  { sizeBytes }: ExpectedBody,
  blobId: string,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > sizeBytes) throw wrongSize(blobId, sizeBytes, size);
      yield chunk;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ECONNRESET") throw error;
    throw uploadError(
      "blob_upload",
      "truncated",
      `The upload of ${blobId} was cut short after ${size} bytes.`,
      "Upload it again.",
      { blob_id: blobId },
    );
  }
  if (size !== sizeBytes) throw wrongSize(blobId, sizeBytes, size);
}

/** An upload that no preflight has asked for. */
export function refuseUnknown(blobId: string): never {
  throw uploadError(
    "blob_upload",
    "unknown_blob",
    `The service did not ask for the blob "${blobId}".`,
    "Call POST /v1/templates/blobs/preflight first, and upload under the blob ids of its answer.",
    { blob_id: blobId },
  );
}

/** Bytes whose SHA-256 is another. */
export function refuseOtherDigest({ digest: expected }: ExpectedBody, blobId: string, digest: string): void {
  if (digest === expected) return;
  throw uploadError(
    "blob_upload",
    "digest_mismatch",
    `The bytes sent as ${blobId} have the SHA-256 ${digest}, not ${expected}.`,
    "The file changed after the preflight, or the upload was damaged: run the preflight again and upload again.",
    { blob_id: blobId, expected_sha256: expected, actual_sha256: digest },
  );
}

/** A context that is too large, or has a file that is. */
export function refuseLarge(files: readonly PreflightFile[]): void {
  let total = 0;
  for (const { path, size_bytes = 0 } of files) {
    total += size_bytes;
    if (size_bytes <= MAX_BLOB_BYTES) continue;
    throw uploadError(
      "preflight",
      "file_too_large",
      `${path} has ${size_bytes} bytes; the most for one file is ${MAX_BLOB_BYTES}.`,
      "Leave the file out of the context, or fetch it in a build step.",
      { path, size_bytes, limit: MAX_BLOB_BYTES },
    );
  }
  if (total <= MAX_CONTEXT_BYTES) return;
  throw uploadError(
    "preflight",
    "context_too_large",
    `The build context has ${total} bytes; the most is ${MAX_CONTEXT_BYTES}.`,
    "Leave files out of the context, for example with a .dockerignore file.",
    { size_bytes: total, limit: MAX_CONTEXT_BYTES },
  );
}

/** One digest with two sizes. */
export function conflictingSizes(path: string, digest: string, expected: number, actual: number): Error {
  return uploadError(
    "preflight",
    "conflicting_sizes",
    `${path}: the body with SHA-256 ${digest} has ${expected} bytes, and the request says ${actual}.`,
    "Compute the digest and the size from the same bytes: the file may have changed in between.",
    { path, sha256: digest, expected_bytes: expected, size_bytes: actual },
  );
}

/** A body that is longer or shorter than announced. */
export function wrongSize(blobId: string, expected: number, actual: number): Error {
  return uploadError(
    "blob_upload",
    "size_mismatch",
    `${blobId} was announced with ${expected} bytes, and ${actual} came.`,
    "The file changed after the preflight, or the upload was cut: run the preflight again and upload again.",
    { blob_id: blobId, expected_bytes: expected, actual_bytes: actual },
  );
}

/** Bodies in one request that are too many, or too large together. @param sizes of each, in bytes */
export function refuseLargeBatch(sizes: readonly number[]): void {
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (sizes.length <= BATCH_LIMITS.max_blobs && bytes <= BATCH_LIMITS.max_bytes) return;
  throw uploadError(
    "blob_upload",
    "batch_too_large",
    `The batch has ${sizes.length} bodies of ${bytes} bytes; the most are ${BATCH_LIMITS.max_blobs} and ${BATCH_LIMITS.max_bytes}.`,
    "Send them in several batches, or one by one.",
    { bodies: sizes.length, size_bytes: bytes, limits: BATCH_LIMITS },
  );
}
