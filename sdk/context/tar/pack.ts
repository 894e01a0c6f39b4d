import { createHash, type Hash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { DOCKERIGNORE } from "../dockerfile.ts";
import { digestBytes, type EntryTable, findEntry } from "../table/entry-table.ts";
import { isFileKind, kindFacts, SYMLINK } from "../table/kind.ts";
import { latin1At, textBytes } from "../table/text-column.ts";
import { isAsRecorded, isSameFile, openFlags } from "../walk/file-identity.ts";
import { displayName, systemPath } from "../walk/latin1.ts";
import { fileChanged, fromSystemError } from "../walk/walk-errors.ts";
import { END_OF_ARCHIVE, paddingOf, type TarEntry, sharedTarHeader } from "./header.ts";
import { hideOutsideDockerfile } from "./outside-dockerfile.ts";
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
  let hiding = -1;
  if (outsideDockerfile !== undefined) {
    hiding = findEntry(table, DOCKERIGNORE);
    writeText(out, outsideDockerfile.path, outsideDockerfile.content);
    if (hiding < 0) writeText(out, DOCKERIGNORE, hideOutsideDockerfile(outsideDockerfile.path, undefined));
  }
  for (let index = 0; index < table.length; index++) {
    if (!isFileKind(table.kinds[index]!)) out.write(sharedTarHeader(tarEntry(table, index)));
    else if (outsideDockerfile === undefined || index !== hiding) writeFile(job, index, out);
    else writeText(out, DOCKERIGNORE, hideOutsideDockerfile(outsideDockerfile.path, readText(job, index)));
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

/** Where a file's content goes. */
interface Sink {
  room(): Buffer;
  advance(count: number): void;
}

/**
 * Copies a file's content, exactly as long as it was when it was hashed. A file that still looks as it did then is trusted;
 * any other is digested on the way and compared at its end. Either way it is looked at again after it was read.
 */
function readFile({ root, table, followLinks }: TarJob, index: number, sink: Sink): void {
  const path = latin1At(table.paths, index);
  let fd: number;
  try {
    fd = openSync(systemPath(`${root}/${path}`), openFlags(followLinks));
  } catch (error) {
    throw fromSystemError(error, displayName(path));
  }
  try {
    const before = fstatSync(fd, { bigint: true });
    const isTrusted = isAsRecorded(table, index, before);
    const digest = isTrusted ? undefined : createHash("sha256");
    if (!before.isFile() || !copy(fd, table.sizes[index]!, sink, digest))
      throw fileChanged(displayName(path), "changed");
    const isSame = digest
      ? digest.digest().equals(digestBytes(table, index)) && fstatSync(fd, { bigint: true }).size === before.size
      : isSameFile(before, fstatSync(fd, { bigint: true }));
    if (!isSame) throw fileChanged(displayName(path), "changed");
  } catch (error) {
    throw fromSystemError(error, displayName(path));
  } finally {
    closeSync(fd);
  }
}

/** @returns false when the file ends before `size` bytes, or goes on after them */
function copy(fd: number, size: number, sink: Sink, digest: Hash | undefined): boolean {
  for (let left = size; left > 0;) {
    const room = sink.room();
    const read = readSync(fd, room, 0, Math.min(room.length, left), null);
    if (read === 0) return false;
    digest?.update(room.subarray(0, read));
    sink.advance(read);
    left -= read;
  }
  return digest === undefined || readSync(fd, Buffer.alloc(1), 0, 1, null) === 0;
}
