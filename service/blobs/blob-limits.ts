import { SERVICE_CONTEXT_LIMITS } from "pulumi-nullspace/context";

/** Most entries of one build context: what the provider checks before it uploads anything. */
export const MAX_CONTEXT_ENTRIES = SERVICE_CONTEXT_LIMITS.entries;
/** Largest file of a context. */
export const MAX_BLOB_BYTES = SERVICE_CONTEXT_LIMITS.fileBytes;
/** Most bytes of one context, all files together. */
export const MAX_CONTEXT_BYTES = SERVICE_CONTEXT_LIMITS.bytes;
/** Most bytes of files inside one request. */
export const MAX_INLINE_BYTES = 32 * 1024 * 1024;
/** Largest JSON body that carries a context: inline files in base 64, and a line for each entry. */
export const MAX_CONTEXT_BODY_BYTES = 64 * 1024 * 1024;

/** Most bodies of one call that brings several, and most bytes of them: little enough that other requests do not wait long. */
export const BATCH_LIMITS = { max_blobs: 500, max_bytes: 2 * 1024 * 1024 } as const;
/** Largest JSON body of that call: the bytes in base 64, and a line for each. */
export const MAX_BATCH_BODY_BYTES = 4 * 1024 * 1024;
