/** Most entries of one build context. */
export const MAX_CONTEXT_ENTRIES = 20_000;
/** Largest file of a context. */
export const MAX_BLOB_BYTES = 512 * 1024 * 1024;
/** Most bytes of one context, all files together. */
export const MAX_CONTEXT_BYTES = 2 * 1024 * 1024 * 1024;
/** Most bytes of files inside one request. */
export const MAX_INLINE_BYTES = 32 * 1024 * 1024;
/** Largest JSON body that carries a context: inline files in base 64, and a line for each entry. */
export const MAX_CONTEXT_BODY_BYTES = 64 * 1024 * 1024;
