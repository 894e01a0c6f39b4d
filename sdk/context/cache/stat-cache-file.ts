import { hash, randomUUID } from "node:crypto";
import type { Stats } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { DirectoryTable } from "../table/directory-table.ts";
import type { EntryTable } from "../table/entry-table.ts";
import type { TextColumn } from "../table/text-column.ts";
import type { EarlierReading, WholeReading } from "../walk/earlier-reading.ts";

/**
 * Names the format and its version; a file that begins with anything else is not ours, or not ours any more. Whole words of
 * {@link WORD_BYTES}, as all parts of the file: so the memory that it is read into is the table, and nothing is copied.
 */
const MAGIC = Buffer.from("nullspace stat cache 3\n\n");
const WORD_BYTES = 8;
const DIGEST_BYTES = 32;
/** Far more than any tree takes: not read, whatever it is. */
const MOST_BYTES = 2 ** 31;

/**
 * Reads what an earlier reading found. A file that is missing, torn, of another version or of another tree is as good as
 * none: the cache only saves time.
 *
 * @param key what the reading must have been made for
 * @param isTrusted asked about the file before it is read
 */
export async function readStatCache(
  file: string,
  key: string,
  isTrusted: (stats: Stats) => boolean = () => true,
): Promise<EarlierReading | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(file);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const stats = await handle.stat();
    if (stats.size > MOST_BYTES) throw new RangeError(`${file} is not a stat cache: it has ${stats.size} bytes.`);
    return isTrusted(stats) ? tableIn(await readShared(handle, stats.size), key) : undefined;
  } finally {
    await handle.close();
  }
}

/** The first `size` bytes of a file, zeros in place of those that are not there, in memory that threads can share. */
async function readShared(handle: FileHandle, size: number): Promise<Buffer<SharedArrayBuffer>> {
  const bytes = Buffer.from(new SharedArrayBuffer(size));
  for (let at = 0, read = -1; at < size && read !== 0; at += read) {
    read = (await handle.read(bytes, at, size - at, at)).bytesRead;
  }
  return bytes;
}

function tableIn(bytes: Buffer<SharedArrayBuffer>, key: string): EarlierReading | undefined {
  const body = bytes.subarray(0, -DIGEST_BYTES);
  const isWhole = bytes.subarray(0, MAGIC.length).equals(MAGIC) && digestOf(body).equals(bytes.subarray(-DIGEST_BYTES));
  if (!isWhole) return undefined;
  const reader = new Reader(body, MAGIC.length);
  if (reader.text() !== key) return undefined;
  const [paths, targets] = [reader.texts(), reader.texts()];
  // In the order of `columnsOf`.
  const table: EntryTable = {
    length: paths.offsets.length - 1,
    paths,
    targets,
    kinds: reader.column(Uint8Array),
    sizes: reader.column(Float64Array),
    digests: reader.column(Uint8Array),
    mtimes: reader.column(BigInt64Array),
    ctimes: reader.column(BigInt64Array),
    inodes: reader.column(BigUint64Array),
    isSettled: reader.column(Uint8Array),
  };
  const whole = readWhole(reader);
  return { table, ...(whole && { whole }) };
}

function readWhole(reader: Reader): WholeReading | undefined {
  const text = reader.text();
  if (text === "") return undefined;
  const { device, ...whole } = JSON.parse(text) as Omit<WholeReading, "directories"> & { device: string };
  const paths = reader.texts();
  const directories: DirectoryTable = {
    length: paths.offsets.length - 1,
    paths,
    // In the order of `directoryColumnsOf`.
    mtimes: reader.column(BigInt64Array),
    ctimes: reader.column(BigInt64Array),
    inodes: reader.column(BigUint64Array),
    device: BigInt(device),
  };
  return { ...whole, directories };
}

/** Writes what a reading found for the next one: whole or not at all, readable by its owner alone. */
export async function writeStatCache(file: string, key: string, { table, whole }: EarlierReading): Promise<void> {
  const parts = [MAGIC, ...framed(Buffer.from(key))];
  for (const { bytes, offsets } of [table.paths, table.targets]) parts.push(...framed(bytes), ...framed(offsets));
  for (const column of columnsOf(table)) parts.push(...framed(column));
  parts.push(...(whole ? framedWhole(whole) : framed(Buffer.alloc(0))));
  const body = Buffer.concat(parts);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomUUID()}`;
  try {
    await writeFile(temporary, Buffer.concat([body, digestOf(body)]), { mode: 0o600 });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function framedWhole({ job, result, directories }: WholeReading): Buffer[] {
  const text = JSON.stringify({ job, result, device: String(directories.device) });
  const { bytes, offsets } = directories.paths;
  return [Buffer.from(text), bytes, offsets, ...directoryColumnsOf(directories)].flatMap(framed);
}

function directoryColumnsOf({ mtimes, ctimes, inodes }: DirectoryTable): ArrayBufferView[] {
  return [mtimes, ctimes, inodes];
}

function columnsOf(table: EntryTable): ArrayBufferView[] {
  const { kinds, sizes, digests, mtimes, ctimes, inodes, isSettled } = table;
  return [kinds, sizes, digests, mtimes, ctimes, inodes, isSettled];
}

function digestOf(bytes: Buffer): Buffer {
  return hash("sha256", bytes, "buffer");
}

/** The length in bytes, a word, then the bytes, up to the end of a word. */
function framed(view: ArrayBufferView): Buffer[] {
  const length = Buffer.alloc(WORD_BYTES);
  length.writeUInt32LE(view.byteLength);
  const fill = Buffer.alloc(wholeWords(view.byteLength) - view.byteLength);
  return [length, Buffer.from(view.buffer, view.byteOffset, view.byteLength), fill];
}

function wholeWords(bytes: number): number {
  return Math.ceil(bytes / WORD_BYTES) * WORD_BYTES;
}

interface Column<T> {
  new (buffer: SharedArrayBuffer, start: number, length: number): T;
  readonly BYTES_PER_ELEMENT: number;
}

class Reader {
  readonly #bytes: Buffer<SharedArrayBuffer>;
  #at: number;

  constructor(bytes: Buffer<SharedArrayBuffer>, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  text(): string {
    return this.#next().toString("utf8");
  }

  texts(): TextColumn {
    return { bytes: this.column(Uint8Array), offsets: this.column(Uint32Array) };
  }

  /** A view of what was read, not a copy. */
  column<T>(type: Column<T>): T {
    const { buffer, byteOffset, length } = this.#next();
    return new type(buffer, byteOffset, length / type.BYTES_PER_ELEMENT);
  }

  #next(): Buffer<SharedArrayBuffer> {
    const length = this.#bytes.readUInt32LE(this.#at);
    const start = this.#at + WORD_BYTES;
    this.#at = start + wholeWords(length);
    return this.#bytes.subarray(start, start + length);
  }
}
