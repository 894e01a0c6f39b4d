import type { Readable } from "node:stream";

/**
 * Where the bytes of large file bodies are kept, by their digest: SHA-256, lower-case hex. It knows nothing of who wants
 * them, and looks at no digest: whoever keeps a body has checked it.
 *
 * A folder is the one place of this service. Another (a bucket of an S3-compatible store) has to keep this contract, which
 * test/unit/service/blob-bytes.ts holds every implementation against, and nothing else.
 */
export interface BlobBytes {
  /**
   * Keeps a body. It is there whole, through a loss of power too, when the call returns, and not at all when it throws or
   * the process ends before. Keeping it again is a success; the bytes are the same.
   *
   * @param body its bytes; when it throws, so does the call
   */
  put(digest: string, body: AsyncIterable<Uint8Array>): Promise<void>;
  /** The bytes of a body, as a stream that fails where there is no such body. */
  open(digest: string): Readable;
  /** Sizes in bytes of the bodies that are there, by digest; the others are left out. */
  sizes(digests: readonly string[]): Promise<Map<string, number>>;
  /** Takes a body away. One that is not there is a success. */
  remove(digest: string): Promise<void>;
  /** Digests of all bodies, some at a time. What comes or goes meanwhile may be missed. */
  list(): AsyncIterable<string[]>;
}
