import { createReadStream, createWriteStream, statSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";

/** Of all files of an archive, so that the same files make the same archive. */
const MTIME = new Date(0);

/**
 * Writes a `.tar.gz` with files at its top, where the Pulumi CLI looks for the executable.
 *
 * @param {string} archive
 * @param {readonly { name: string, path: string, isProgram?: boolean }[]} files
 */
export async function writeArchive(archive, files) {
  const tar = pack();
  const written = pipeline(tar, createGzip({ level: 6 }), createWriteStream(archive));
  for (const { name, path, isProgram = false } of files) {
    const entry = tar.entry({ name, size: statSync(path).size, mode: isProgram ? 0o755 : 0o644, mtime: MTIME });
    await pipeline(createReadStream(path), entry);
  }
  tar.finalize();
  await written;
}
