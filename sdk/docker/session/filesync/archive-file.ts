import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { finished } from "node:stream/promises";
import type { Writable } from "node:stream";

/** A file that is there whole or not at all: it is written beside its place, and moved there when it is complete. */
export interface ArchiveFile {
  writable: Writable;
  /** The archive is complete. */
  commit(): Promise<void>;
  /** It will not be. */
  discard(): Promise<void>;
}

/** Opens the file `dest` for an archive. */
export function openArchiveFile(dest: string): ArchiveFile {
  const draft = `${dest}.${randomBytes(4).toString("hex")}.partial`;
  const writable = createWriteStream(draft, { flags: "wx" });
  const closed = finished(writable);
  // Looked at in `commit`; who writes hears of it as well.
  closed.catch(() => {});
  return {
    writable,
    async commit() {
      writable.end();
      await closed;
      await rename(draft, dest);
    },
    async discard() {
      writable.destroy();
      await rm(draft, { force: true });
    },
  };
}
