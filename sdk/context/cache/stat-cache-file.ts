import { hash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type DirectoryTable, emptyDirectoryTable } from "../table/directory-table.ts";
import { emptyTable, type EntryTable } from "../table/entry-table.ts";
import type { TextColumn } from "../table/text-column.ts";
import type { EarlierReading, WholeReading } from "../walk/earlier-reading.ts";

/** Names the format and its version; a file that begins with anything else is not ours, or not ours any more. */
const MAGIC = Buffer.from("nullspace stat cache 2\n");
const DIGEST_BYTES = 32;

/**
 * Reads what an earlier reading found. A file that is missing, torn, of another version or of another tree is as good as
 * none: the cache only saves time.
 *
 * @param key what the reading must have been made for
 */
export async function readStatCache(file: string, key: string): Promise<EarlierReading | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  const body = bytes.subarray(0, -DIGEST_BYTES);
  const isWhole = bytes.subarray(0, MAGIC.length).equals(MAGIC) && digestOf(body).equals(bytes.subarray(-DIGEST_BYTES));
  if (!isWhole) return undefined;
  const reader = new Reader(body, MAGIC.length);
  if (reader.text() !== key) return undefined;
  const table = emptyTable(reader.texts(), reader.texts());
  for (const column of columnsOf(table)) reader.into(column);
  const whole = readWhole(reader);
  return { table, ...(whole && { whole }) };
}

function readWhole(reader: Reader): WholeReading | undefined {
  const text = reader.text();
  if (text === "") return undefined;
  const { device, ...whole } = JSON.parse(text) as Omit<WholeReading, "directories"> & { device: string };
  const directories = emptyDirectoryTable(reader.texts(), BigInt(device));
  for (const column of directoryColumnsOf(directories)) reader.into(column);
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

/** The length in bytes, then the bytes. */
function framed(view: ArrayBufferView): Buffer[] {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(view.byteLength);
  return [length, Buffer.from(view.buffer, view.byteOffset, view.byteLength)];
}

class Reader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  text(): string {
    return this.#next().toString("utf8");
  }

  texts(): TextColumn {
    const bytes = shared(this.#next());
    const offsets = shared(this.#next());
    return { bytes, offsets: new Uint32Array(offsets.buffer, 0, offsets.length / 4) };
  }

  into(column: ArrayBufferView): void {
    new Uint8Array(column.buffer, column.byteOffset, column.byteLength).set(this.#next());
  }

  #next(): Buffer {
    const length = this.#bytes.readUInt32LE(this.#at);
    const start = this.#at + 4;
    this.#at = start + length;
    return this.#bytes.subarray(start, this.#at);
  }
}

function shared(bytes: Buffer): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}
