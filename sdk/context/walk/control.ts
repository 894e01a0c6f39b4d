/** Memory that the reading threads of one job share to divide the work. */
export interface Control {
  /** See the slots below. */
  readonly slots: Int32Array;
  /** Bytes of all files admitted so far. */
  readonly bytes: BigInt64Array;
  /** The context's hash, where a helper makes it. */
  readonly hash: Uint8Array;
}

/** The next entry that nobody has taken yet. */
export const NEXT = 0;
/** Set when one thread failed: the others stop. */
export const STOP = 1;
/** Helpers that are at work. */
export const BUSY = 2;
/** Files whose content was read, not taken from the stat cache. */
export const READ = 3;
/** The next file of an earlier reading that nobody has looked at yet. */
export const LOOK = 4;
/** Set when the walk is over, whatever came of it. */
export const WALKED = 5;

/** The next entry that nobody has taken yet, of those that are digested while the walk goes on. */
export const AHEAD = 6;
/** How often the walk has had a word for the helper that digests ahead, its end included. */
export const WORDS = 7;
/** Whether the context's hash can be made, and by whom. */
export const HASH = 8;

export function createControl(): Control {
  return {
    slots: new Int32Array(new SharedArrayBuffer(36)),
    bytes: new BigInt64Array(new SharedArrayBuffer(8)),
    hash: new Uint8Array(new SharedArrayBuffer(32)),
  };
}
