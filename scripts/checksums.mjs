#!/usr/bin/env node
/**
 * Writes `SHA256SUMS` of all files of a folder beside them, as `sha256sum --check SHA256SUMS` reads it.
 *
 *   node scripts/checksums.mjs <folder>
 */
import { createHash } from "node:crypto";
import { createReadStream, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";

const NAME = "SHA256SUMS";

/** @param {string} folder */
export async function writeChecksums(folder) {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== NAME)
    .map(({ name }) => name)
    .sort();
  const lines = [];
  for (const name of names) lines.push(`${await sha256(join(folder, name))}  ${name}\n`);
  writeFileSync(join(folder, NAME), lines.join(""));
}

/** @param {string} file */
async function sha256(file) {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) {
    console.error("usage: node scripts/checksums.mjs <folder>");
    process.exit(2);
  }
  await writeChecksums(folder);
}
