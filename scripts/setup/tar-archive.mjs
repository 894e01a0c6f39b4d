/**
 * @typedef {object} TarEntry
 * @property {string} path without a leading slash; at most 100 bytes
 * @property {"file" | "dir" | "symlink"} type
 * @property {number} [mode] default: 0755 for folders, 0644 for files
 * @property {Buffer | string} [content] of a file
 * @property {string} [target] of a link
 */

const BLOCK_BYTES = 512;

/**
 * A tar archive (POSIX.1-1988 ustar) with owner 0 and time 0: the same entries give the same bytes on every machine.
 *
 * @param {readonly TarEntry[]} entries
 * @returns {Buffer}
 */
export function tarArchive(entries) {
  const blocks = entries.flatMap((entry) => {
    const content = Buffer.from(entry.content ?? "");
    const padding = Buffer.alloc((BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES);
    return [header(entry, content.length), content, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]);
}

/**
 * @param {TarEntry} entry
 * @param {number} bytes
 */
function header(entry, bytes) {
  const name = entry.type === "dir" ? `${entry.path}/` : entry.path;
  if (Buffer.byteLength(name) > 100) throw new RangeError(`too long for a ustar name: ${name}`);
  const block = Buffer.alloc(BLOCK_BYTES);
  const octal = (/** @type {number} */ value, /** @type {number} */ width) =>
    value.toString(8).padStart(width - 1, "0") + "\0";
  const mode = entry.mode ?? (entry.type === "file" ? 0o644 : entry.type === "dir" ? 0o755 : 0o777);
  block.write(name, 0);
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(bytes, 12), 124);
  block.write(octal(0, 12), 136);
  block.write("        ", 148); // The checksum counts itself as blanks.
  block.write({ file: "0", symlink: "2", dir: "5" }[entry.type], 156);
  block.write(entry.target ?? "", 157);
  block.write("ustar\x0000", 257, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}
