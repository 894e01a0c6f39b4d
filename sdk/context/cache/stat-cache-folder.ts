import { createHash } from "node:crypto";
import { readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { EarlierReading } from "../walk/earlier-reading.ts";
import { readStatCache, writeStatCache } from "./stat-cache-file.ts";

/** To read fewer files again takes less time than to look for what is kept of them. */
const WORTH_KEEPING = 1_000;
/** Tables kept, and bytes of all of them together: the latest used stay. */
const MAX_FILES = 32;
const MAX_BYTES = 128 * 1024 * 1024;
const NAME = /^[0-9a-f]{32}\.stat(\.[0-9a-f-]{36})?$/;

/**
 * Keeps the tables of large trees in a folder, one file a tree, for the processes to come. It only saves time: what cannot be
 * read or written, or belongs to another user, is as good as none.
 */
export class StatCacheFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param key what the table must have been made for */
  async read(key: string): Promise<EarlierReading | undefined> {
    const file = this.#fileOf(key);
    try {
      const reading = await readStatCache(file, key, isOurs);
      const now = new Date();
      if (reading) await utimes(file, now, now);
      return reading;
    } catch {
      return undefined;
    }
  }

  async write(key: string, reading: EarlierReading): Promise<void> {
    if (reading.table.length < WORTH_KEEPING) return;
    try {
      await writeStatCache(this.#fileOf(key), key, reading);
      await this.#prune();
    } catch {
      // A disk that is full, a home that is read-only: the next reading takes its time.
    }
  }

  #fileOf(key: string): string {
    return join(this.#folder, `${createHash("sha256").update(key).digest("hex").slice(0, 32)}.stat`);
  }

  /** Removes what was used longest ago, and what a killed process left half written; nothing that is not ours. */
  async #prune(): Promise<void> {
    const names = (await readdir(this.#folder)).filter((name) => NAME.test(name));
    const files = await Promise.all(
      names.map(async (name) => {
        const path = join(this.#folder, name);
        const { mtimeMs, size } = await stat(path);
        return { path, mtimeMs, size };
      }),
    );
    let [kept, bytes] = [0, 0];
    for (const { path, size } of files.sort((a, b) => b.mtimeMs - a.mtimeMs)) {
      bytes += size;
      if (++kept > MAX_FILES || bytes > MAX_BYTES) await rm(path, { force: true });
    }
  }
}

/** Whose content nobody else could have made up. */
function isOurs({ uid, mode }: { uid: number; mode: number }): boolean {
  return process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0);
}
