const GIB = 1024 ** 3;

/** How much is kept, beside how long. What is needed is kept all the same. */
export interface StorageLimits {
  /**
   * Bytes of the files of contexts, from which builds can be retried.
   *
   * @default 10 GiB
   */
  blobBytes: number;
  /**
   * Bytes of images: of artifacts that nothing pins and of those that are pinned, together.
   *
   * @default 50 GiB
   */
  imageBytes: number;
  /**
   * Bytes of the logs of builds that have ended.
   *
   * @default 2 GiB
   */
  logBytes: number;
  /**
   * Records of builds.
   *
   * @default 100_000
   */
  builds: number;
  /**
   * The engine's whole build cache, in bytes, also what others have in it: on an engine it cannot be told whose it is.
   *
   * @default no limit, and the cache is left alone
   */
  buildCacheBytes?: number;
}

export const DEFAULT_STORAGE_LIMITS: StorageLimits = {
  blobBytes: 10 * GIB,
  imageBytes: 50 * GIB,
  logBytes: 2 * GIB,
  builds: 100_000,
};

/** Records of changes that are kept: where tags have pointed, and who did it. */
export const MAX_AUDIT_EVENTS = 1_000_000;

/** What was used within this time is not taken away for its size: the next request may be about it. */
export const JUST_USED_MS = 60 * 60_000;
