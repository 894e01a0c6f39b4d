import { createReadStream, mkdirSync, rmSync, statSync } from "node:fs";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { newId } from "../ids.ts";
import type { BlobBytes } from "./blob-bytes.ts";

/** Files looked at before others have their turn. */
const SLICE = 500;

/**
 * Bodies as files of a folder, which may be a volume. A file is written aside, brought to the disk and renamed, so that a
 * body is there whole or not at all. One process at a time uses the folder.
 */
export class FolderBlobBytes implements BlobBytes {
  readonly #folder: string;
  readonly #incoming: string;

  /** @param folder made if need be; what an earlier process left half-written is removed */
  constructor(folder: string) {
    this.#folder = folder;
    this.#incoming = join(folder, "incoming");
    rmSync(this.#incoming, { recursive: true, force: true });
    mkdirSync(this.#incoming, { recursive: true, mode: 0o700 });
  }

  async put(digest: string, body: AsyncIterable<Uint8Array>): Promise<void> {
    const temporary = join(this.#incoming, newId("in_"));
    const file = await open(temporary, "wx", 0o600);
    try {
      for await (const chunk of body) await file.writeFile(chunk);
      await file.sync();
      await file.close();
      const target = this.#pathOf(digest);
      const made = await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await rename(temporary, target);
      // A name is on the disk when its folder is.
      await syncFolder(dirname(target));
      if (made !== undefined) await syncFolder(this.#folder);
    } finally {
      await file.close();
      await rm(temporary, { force: true });
    }
  }

  open(digest: string): Readable {
    return createReadStream(this.#pathOf(digest));
  }

  async sizes(digests: readonly string[]): Promise<Map<string, number>> {
    const sizes = new Map<string, number>();
    for (const [index, digest] of digests.entries()) {
      if (index % SLICE === SLICE - 1) await setImmediate();
      const size = statSync(this.#pathOf(digest), { throwIfNoEntry: false })?.size;
      if (size !== undefined) sizes.set(digest, size);
    }
    return sizes;
  }

  async remove(digest: string): Promise<void> {
    await rm(this.#pathOf(digest), { force: true });
  }

  async *list(): AsyncIterable<string[]> {
    for (const folder of await readdir(this.#folder)) {
      if (/^[0-9a-f]{2}$/.test(folder)) yield readdir(join(this.#folder, folder));
    }
  }

  #pathOf(digest: string): string {
    return join(this.#folder, digest.slice(0, 2), digest);
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
