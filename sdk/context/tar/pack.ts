import { DOCKERIGNORE } from "../dockerfile.ts";
import { type EntryTable, findEntry } from "../table/entry-table.ts";
import { isFileKind, kindFacts, SYMLINK } from "../table/kind.ts";
import { textBytes } from "../table/text-column.ts";
import { readFile } from "../walk/read-file.ts";
import { END_OF_ARCHIVE, paddingOf, type TarEntry, sharedTarHeader } from "./header.ts";
import { hidePaths } from "./hide-paths.ts";
import type { PieceWriter } from "./piece-writer.ts";
import type { TarJob } from "./tar-job.ts";

/**
 * Writes the context as a tar: the entries in the order of their paths, before them a Dockerfile from outside, if there is
 * one. Only what is in the hash goes in, so equal hashes give equal bytes.
 *
 * @throws ContextError `file_changed` when a file no longer has the content that was hashed
 */
export function packContext(job: TarJob, out: PieceWriter): void {
  const { table, outsideDockerfile } = job;
  const hides = [...job.hides, ...(outsideDockerfile === undefined ? [] : [outsideDockerfile.path])];
  const ignoreFile = hides.length === 0 ? -1 : findEntry(table, DOCKERIGNORE);
  if (outsideDockerfile !== undefined) writeText(out, outsideDockerfile.path, outsideDockerfile.content);
  if (hides.length > 0 && ignoreFile < 0) writeText(out, DOCKERIGNORE, hidePaths(hides, undefined));
  for (let index = 0; index < table.length; index++) {
    if (index === job.omitted) continue;
    if (!isFileKind(table.kinds[index]!)) out.write(sharedTarHeader(tarEntry(table, index)));
    else if (index !== ignoreFile) writeFile(job, index, out);
    else writeText(out, DOCKERIGNORE, hidePaths(hides, readText(job, index)));
  }
  out.write(END_OF_ARCHIVE);
  out.flush();
}

function tarEntry(table: EntryTable, index: number): TarEntry {
  const kind = table.kinds[index]!;
  return {
    ...kindFacts(kind),
    path: textBytes(table.paths, index),
    size: table.sizes[index]!,
    target: kind === SYMLINK ? textBytes(table.targets, index) : undefined,
  };
}

function writeText(out: PieceWriter, path: string, text: string): void {
  const content = Buffer.from(text);
  out.write(sharedTarHeader({ path: Buffer.from(path), type: "file", mode: 0o644, size: content.length }));
  out.write(content);
  out.zeros(paddingOf(content.length));
}

function readText(job: TarJob, index: number): string {
  const pieces: Buffer[] = [];
  const room = Buffer.alloc(64 * 1024);
  readFile(job, index, {
    room: () => room,
    advance: (count) => pieces.push(Buffer.from(room.subarray(0, count))),
  });
  return Buffer.concat(pieces).toString("utf8");
}

function writeFile(job: TarJob, index: number, out: PieceWriter): void {
  out.write(sharedTarHeader(tarEntry(job.table, index)));
  readFile(job, index, out);
  out.zeros(paddingOf(job.table.sizes[index]!));
}
