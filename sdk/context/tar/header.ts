import { amount, check, like, whole } from "../../arguments/index.ts";
/** Size of a tar block: headers take whole blocks, contents are padded to one. */
export const BLOCK_BYTES = 512;
/** Two empty blocks end an archive (POSIX.1-2001, pax interchange format). */
export const END_OF_ARCHIVE: Buffer = Buffer.alloc(2 * BLOCK_BYTES);

/** What a header says. Owner, group and time are always zero: the archive depends on nothing but the context. */
export interface TarEntry {
  /** UTF-8; directories without the slash at the end. */
  readonly path: Buffer;
  readonly type: "file" | "dir" | "symlink";
  readonly mode: number;
  readonly size: number;
  readonly target?: Buffer;
}

const ENTRY = like(
  "an entry with path, type, mode and size",
  ({ path, type, mode, size }) =>
    Buffer.isBuffer(path) &&
    Object.hasOwn(TYPE_FLAGS, String(type)) &&
    whole(0).accepts(mode) &&
    whole(0).accepts(size),
);

const NAME_BYTES = 100;
const LINK_BYTES = 100;
const PREFIX_BYTES = 155;
/** Above it the size no longer fits into eleven octal digits. */
const MAX_OCTAL_SIZE = 0o77777777777;
const TYPE_FLAGS = { file: "0", symlink: "2", dir: "5", pax: "x" } as const;
const PAX_NAME = Buffer.from("PaxHeader");
const EMPTY = Buffer.alloc(0);

/**
 * The header blocks of one entry: a ustar header, and before it a PAX header for what ustar cannot say: long or non-ASCII
 * paths and link texts, sizes of 8 GiB and more.
 *
 * Written here rather than by a library because equal hashes promise equal bytes, whatever is installed.
 *
 * @see POSIX.1-2001, pax interchange format
 * @example
 * ```ts
 * const content = Buffer.from("hello\n");
 * const header = tarHeader({ path: Buffer.from("hello.txt"), type: "file", mode: 0o644, size: content.length });
 * const archive = Buffer.concat([header, content, Buffer.alloc(paddingOf(content.length)), END_OF_ARCHIVE]);
 * ```
 */
export function tarHeader(entry: TarEntry): Buffer {
  check("tarHeader", { entry: ENTRY }, { entry });
  return Buffer.from(sharedTarHeader(entry));
}

/** As `tarHeader`, in memory that the next call writes over: for who copies the bytes at once. */
export function sharedTarHeader(entry: TarEntry): Buffer {
  const path = entry.type === "dir" ? Buffer.concat([entry.path, Buffer.from("/")]) : entry.path;
  const target = entry.target ?? EMPTY;
  const split = isAscii(path) ? splitPath(path) : undefined;
  const fitsLink = isAscii(target) && target.length <= LINK_BYTES;
  const records: Buffer[] = [];
  if (!split) records.push(paxRecord("path", path));
  if (!fitsLink) records.push(paxRecord("linkpath", target));
  if (entry.size > MAX_OCTAL_SIZE) records.push(paxRecord("size", Buffer.from(String(entry.size))));
  const header = ustarHeader({
    name: split?.name ?? PAX_NAME,
    prefix: split?.prefix ?? EMPTY,
    target: fitsLink ? target : PAX_NAME,
    mode: entry.mode,
    size: Math.min(entry.size, MAX_OCTAL_SIZE),
    type: TYPE_FLAGS[entry.type],
  });
  if (records.length === 0) return header;
  const main = Buffer.from(header);
  const body = Buffer.concat(records);
  const pax = ustarHeader({
    name: PAX_NAME,
    prefix: EMPTY,
    target: EMPTY,
    mode: 0o644,
    size: body.length,
    type: TYPE_FLAGS.pax,
  });
  return Buffer.concat([pax, body, Buffer.alloc(paddingOf(body.length)), main]);
}

/**
 * Bytes to add after a content of this length to fill its last block.
 *
 * @example
 * ```ts
 * paddingOf(1_000); // 24
 * ```
 */
export function paddingOf(size: number): number {
  check("paddingOf", { size: amount }, { size });
  return (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
}

interface UstarFields {
  readonly name: Buffer;
  readonly prefix: Buffer;
  readonly target: Buffer;
  readonly mode: number;
  readonly size: number;
  readonly type: string;
}

/** One block, used again for every header: two hundred thousand small buffers would be memory that nobody hurries to free. */
const block = Buffer.alloc(BLOCK_BYTES);

function ustarHeader(fields: UstarFields): Buffer {
  block.fill(0);
  fields.name.copy(block, 0);
  writeOctal(block, fields.mode, 100, 8);
  writeOctal(block, 0, 108, 8);
  writeOctal(block, 0, 116, 8);
  writeOctal(block, fields.size, 124, 12);
  writeOctal(block, 0, 136, 12);
  block.fill(" ", 148, 156);
  block.write(fields.type, 156, "latin1");
  fields.target.copy(block, 157);
  block.write("ustar\0" + "00", 257, "latin1");
  writeOctal(block, 0, 329, 8);
  writeOctal(block, 0, 337, 8);
  fields.prefix.copy(block, 345);
  let sum = 0;
  for (let i = 0; i < BLOCK_BYTES; i++) sum += block[i]!;
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

/** Digits to the end of the field, a NUL as its last byte. */
function writeOctal(block: Buffer, value: number, at: number, width: number): void {
  block.write(`${value.toString(8).padStart(width - 1, "0")}\0`, at, "latin1");
}

/** A path of up to 100 bytes is a name; a longer one is divided at a slash, if one stands in the right place. */
function splitPath(path: Buffer): { name: Buffer; prefix: Buffer } | undefined {
  if (path.length <= NAME_BYTES) return { name: path, prefix: EMPTY };
  const slash = path.indexOf(0x2f, path.length - NAME_BYTES - 1);
  if (slash <= 0 || slash > PREFIX_BYTES || slash === path.length - 1) return undefined;
  return { name: path.subarray(slash + 1), prefix: path.subarray(0, slash) };
}

/** `<length> <key>=<value>\n`, where the length counts itself. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = 1 + key.length + 1 + value.length + 1;
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length++;
  return Buffer.concat([Buffer.from(`${length} ${key}=`), value, Buffer.from("\n")]);
}

function isAscii(bytes: Buffer): boolean {
  return bytes.every((byte) => byte < 0x80);
}
