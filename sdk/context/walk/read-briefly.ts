import { type FileTree, NotSettled, readFile } from "./read-file.ts";

/** As long as a thread that does other things may be kept from them, and as large a file as is surely read in less. */
const LONGEST_MS = 8;
const LARGEST_BYTES = 128 * 1024;

/**
 * Contents of the first of these files, as far as they can be read within some milliseconds, without waiting for a thread or
 * for a file's times to settle.
 *
 * @returns one for each file that was read; the rest is for a thread
 * @throws ContextError `file_changed`
 */
export function readBriefly(tree: FileTree, indices: readonly number[]): Uint8Array[] {
  const contents: Uint8Array[] = [];
  const end = performance.now() + LONGEST_MS;
  for (const index of indices) {
    const size = tree.table.sizes[index]!;
    if (size > LARGEST_BYTES || performance.now() > end) break;
    const bytes = Buffer.allocUnsafeSlow(size);
    let at = 0;
    try {
      readFile(tree, index, { room: () => bytes.subarray(at), advance: (count) => void (at += count) }, "now");
    } catch (error) {
      if (error instanceof NotSettled) break;
      throw error;
    }
    contents.push(bytes);
  }
  return contents;
}
