import { randomFillSync } from "node:crypto";
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { pauseUnless } from "pulumi-nullspace/concurrency";
import { DiskFullError, StartupError } from "../errors.ts";

/**
 * Bytes that are kept back for a full disk. A start and some 30,000 claims and ends of machines fit into them, and the
 * write-ahead log up to its first checkpoint (4 MiB).
 */
export const RESERVE_BYTES = 8 * 1024 * 1024;

/**
 * The reserve is given up in steps, so that another program that writes at the same moment does not get all of it; and by
 * removing files, because on btrfs with a used-up quota that is possible, and shortening a file is not.
 */
const STEP_BYTES = 1024 * 1024;

/** While the disk is full, it is looked at so seldom whether it still is. */
const LOOK_EVERY_MS = 1_000;

/** Written to find out whether an error of SQLite that does not say so means a full disk. */
const PROBE_BYTES = 64 * 1024;

/** What the operating system calls a full disk, and a user's quota that is used up, for which Node has no name: `UNKNOWN`. */
const { ENOSPC, EDQUOT } = constants.errno;

/** SQLite's primary result codes: the disk is full; and those that it has for a quota and for a folder without inodes. */
const SQLITE_FULL = 13;
const SQLITE_MAY_BE_FULL: readonly number[] = [10, 14];

/**
 * The room on the disk of a data folder. Files in it hold some back: when the disk is full, they are removed one by one,
 * so that what makes room (deletes) and what must not be lost (claims, the ends of machines and builds) can still be
 * recorded. What adds something that can be asked for again is refused from then on, until the whole reserve fits again.
 */
export class DiskRoom {
  readonly folder: string;
  readonly #reservePath: string;
  readonly #reserveBytes: number;
  #isFull = false;
  #lookedAtMs = -Infinity;

  /** @param reserveBytes what to hold back. Default {@link RESERVE_BYTES} */
  constructor(folder: string, reserveBytes: number = RESERVE_BYTES) {
    this.folder = folder;
    this.#reservePath = join(folder, "reserve");
    this.#reserveBytes = reserveBytes;
  }

  /** Holds the reserve back, as far as it is not there already. @returns whether it is there whole */
  hold(): boolean {
    this.#lookedAtMs = performance.now();
    this.#isFull = !this.#fillReserve();
    return !this.#isFull;
  }

  /** Bytes that are held back now. */
  get heldBytes(): number {
    return heldBack(this.folder);
  }

  /** @throws DiskFullError while the disk is known to be full */
  assert(): void {
    if (!this.#isFull) return;
    if (performance.now() - this.#lookedAtMs > LOOK_EVERY_MS && this.hold()) return;
    throw new DiskFullError(this.folder);
  }

  /** Whether an error means that the disk is full; if so, it is known to be from now on. */
  isFull(error: unknown): boolean {
    if (!(error instanceof Error)) return false;
    const { errcode } = error as Error & { errcode?: number };
    const primary = errcode === undefined ? undefined : errcode & 0xff;
    const isFull =
      isNoSpace(error) ||
      primary === SQLITE_FULL ||
      (primary !== undefined && SQLITE_MAY_BE_FULL.includes(primary) && this.#probe());
    if (isFull) {
      this.#isFull = true;
      this.#lookedAtMs = performance.now();
    }
    return isFull;
  }

  /** Gives up a part of the reserve. @returns `false` when nothing is left of it */
  giveUp(): boolean {
    const held = stepsIn(this.#reservePath);
    if (held.length === 0) return false;
    try {
      rmSync(join(this.#reservePath, held[0]!), { force: true });
      return true;
    } catch (error) {
      if (isNoSpace(error)) return false;
      throw error;
    }
  }

  #fillReserve(): boolean {
    try {
      this.#makeFolder();
      const held = new Set(stepsIn(this.#reservePath));
      const steps = Math.ceil(this.#reserveBytes / STEP_BYTES);
      const { bavail, bsize } = statfsSync(this.folder);
      // Not tried in vain: what others need in the meantime would fail, too.
      if (bavail * bsize < (steps - held.size) * STEP_BYTES) return false;
      // Random, because some file systems store nothing for zeros.
      const bytes = randomFillSync(Buffer.alloc(STEP_BYTES));
      const made: string[] = [];
      try {
        for (const name of Array.from({ length: steps }, (_, step) => String(step))) {
          if (held.has(name)) continue;
          made.push(join(this.#reservePath, name));
          writeWhole(made.at(-1)!, bytes);
        }
      } catch (error) {
        for (const path of made) rmSync(path, { force: true });
        throw error;
      }
      return true;
    } catch (error) {
      if (isNoSpace(error)) return false;
      throw error;
    }
  }

  /** What an earlier version held back in one file goes first. */
  #makeFolder(): void {
    if (statSync(this.#reservePath, { throwIfNoEntry: false })?.isFile()) rmSync(this.#reservePath);
    mkdirSync(this.#reservePath, { recursive: true, mode: 0o700 });
  }

  #probe(): boolean {
    const path = join(this.folder, "probe");
    try {
      const file = openSync(path, "w", 0o600);
      try {
        writeSync(file, Buffer.alloc(PROBE_BYTES, 1));
      } finally {
        closeSync(file);
      }
      return false;
    } catch (error) {
      return isNoSpace(error);
    } finally {
      rmSync(path, { force: true });
    }
  }
}

/** Bytes that the service of a data folder holds back. */
export function heldBack(folder: string): number {
  return stepsIn(join(folder, "reserve")).length * STEP_BYTES;
}

function stepsIn(reservePath: string): string[] {
  try {
    return readdirSync(reservePath).filter((name) => /^\d+$/.test(name));
  } catch (error) {
    // There is none, or it is the one file of an earlier version.
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}

function writeWhole(path: string, bytes: Uint8Array): void {
  const file = openSync(path, "w", 0o600);
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
  } finally {
    closeSync(file);
  }
}

/** Whether a call of the operating system failed because there was no room. */
function isNoSpace(error: unknown): boolean {
  const { errno } = error as NodeJS.ErrnoException;
  return errno !== undefined && [ENOSPC, EDQUOT].includes(Math.abs(errno));
}

/** There is no room to start. @param folder data folder on the full disk */
export function diskFullAtStart(folder: string, cause: unknown): StartupError {
  return new StartupError(
    `The disk of the data folder ${folder} is full, and the service needs a little room to start. Make some, at least ${RESERVE_BYTES / 1024 / 1024} MiB, or choose another folder with --data.`,
    "disk_full",
    cause,
  );
}

/**
 * Writes what nobody misses, such as the time of a last use: no reason to refuse what it is written for, and none to take
 * from what is held back for others.
 *
 * @returns whether it was written
 */
export function writeIfRoom(db: { grow: (work: () => void) => void }, work: () => void): boolean {
  try {
    db.grow(work);
    return true;
  } catch (error) {
    if (error instanceof DiskFullError) return false;
    throw error;
  }
}

/**
 * Writes what has happened already and can only be recorded: again and again, as long as the disk is full.
 *
 * @throws DiskFullError when `wanted` aborts meanwhile: what is recorded is then what was before
 */
export async function untilRecorded<T>(work: () => T, wanted: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof DiskFullError) || wanted.aborted) throw error;
      // When it is not wanted any more, the next turn sees that.
      await pauseUnless(LOOK_EVERY_MS, wanted);
    }
  }
}
