import { anyText, check } from "../arguments/index.ts";
import { CANCELLABLE, TREE } from "./argument-rules.ts";
import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import type { ContextTree } from "./build-context.ts";
import { ContextError } from "./errors.ts";
import { digestBytes, findEntry, hasDigest } from "./table/entry-table.ts";
import { isFileKind } from "./table/kind.ts";
import { latin1At } from "./table/text-column.ts";
import { isAsRecorded, isSameFile, settlesInMs } from "./walk/file-identity.ts";
import { openEntryHandle } from "./walk/open-entry.ts";
import { fileChanged, fromSystemError } from "./walk/walk-errors.ts";

const CHUNK_BYTES = 256 * 1024;

/**
 * The content of one file of a context, as it was when it was hashed. The stream yields exactly `size` bytes, or fails with
 * `file_changed`: what arrived whole has the digest of the entry. Of a file that was only listed it is what the file holds
 * now, if that is as long, and not before a later change is sure to show in its times.
 *
 * @param path of the entry
 * @throws ContextError `entry_not_found` when the context has no such file
 * @example
 * ```ts
 * const context = await readContext({ dir: "./app" });
 * openContextFile(context, "package.json").pipe(process.stdout);
 * ```
 */
export function openContextFile(context: ContextTree, path: string, options: { signal?: AbortSignal } = {}): Readable {
  check("openContextFile", { context: TREE, path: anyText, options: CANCELLABLE }, { context, path, options });
  const index = findEntry(context.table, path);
  if (index < 0 || !isFileKind(context.table.kinds[index]!)) {
    throw new ContextError(
      "entry_not_found",
      `The context ${context.dir} has no file ${path}. Paths are relative to it.`,
      {
        path,
      },
    );
  }
  return Readable.from(chunks(context, index, path), { objectMode: false, highWaterMark: CHUNK_BYTES, ...options });
}

async function* chunks(context: ContextTree, index: number, path: string): AsyncGenerator<Buffer> {
  const { table, root, followsLinks } = context;
  const size = table.sizes[index]!;
  let file: FileHandle | undefined;
  try {
    file = await openEntryHandle({ root, followLinks: followsLinks }, latin1At(table.paths, index));
    if (!hasDigest(table, index)) await settled(file);
    const before = await file.stat({ bigint: true });
    if (!before.isFile() || Number(before.size) !== size) throw fileChanged(path, "changed");
    // A file that still looks as it did is trusted; any other is digested on the way.
    const isTrusted = !hasDigest(table, index) || isAsRecorded(table, index, before);
    const digest = isTrusted ? undefined : createHash("sha256");
    for (let left = size; left > 0;) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, left));
      const { bytesRead } = await file.read(chunk, 0, chunk.length);
      if (bytesRead === 0) throw fileChanged(path, "changed");
      const bytes = chunk.subarray(0, bytesRead);
      digest?.update(bytes);
      left -= bytesRead;
      // The last piece is held back until it is certain: a changed file never looks complete.
      if (left === 0) await verify(file);
      yield bytes;
    }
    if (size === 0) await verify(file);

    async function verify(opened: FileHandle): Promise<void> {
      const after = await opened.stat({ bigint: true });
      const isSame = digest
        ? after.size === before.size && digest.digest().equals(digestBytes(table, index))
        : isSameFile(before, after);
      if (!isSame) throw fileChanged(path, "changed");
    }
  } catch (error) {
    throw fromSystemError(error, path);
  } finally {
    await file?.close();
  }
}

/** Waits until the last change of a file lies a tick of the clock back: one after that has another time. */
async function settled(file: FileHandle): Promise<void> {
  const waitMs = settlesInMs(await file.stat({ bigint: true }), Date.now());
  if (waitMs > 0) await setTimeout(waitMs);
}
