import { createHash } from "node:crypto";
import type { ContextFile } from "pulumi-nullspace/wire";
import { MAX_CONTEXT_BYTES, MAX_CONTEXT_ENTRIES, MAX_INLINE_BYTES } from "../blobs/blob-limits.ts";
import type { Blob, BlobStore } from "../blobs/blob-store.ts";
import { tooManyEntries, uploadError } from "../blobs/upload-error.ts";
import { InvalidRequestError } from "../errors.ts";
import { digestOf } from "../canonical-json.ts";
import { normalizeSource } from "./copy-sources.ts";

/** An entry of a build's context whose body is known. */
export interface ContextEntry {
  path: string;
  type: "file" | "dir";
  /** Permission bits. */
  mode: number;
  /** SHA-256 of a file, lower-case hex. */
  digest?: string;
  sizeBytes: number;
  /** Body that came inside the request. */
  inline?: Buffer;
}

const DEFAULT_FILE_MODE = 0o644;
const DEFAULT_DIR_MODE = 0o755;

/**
 * Looks every file's body up and checks the context as a whole.
 *
 * @throws InvalidRequestError `file_upload_error`, with the path and a stable `details.reason`
 */
export function readContextEntries(blobs: BlobStore, files: readonly ContextFile[]): ContextEntry[] {
  if (files.length > MAX_CONTEXT_ENTRIES) throw tooManyEntries(files.length);
  const stored = blobs.findAll(files.flatMap(({ blob_id }) => blob_id ?? []));
  const entries = files.map((file, index) => readEntry(stored, file, index));
  refusePathConflicts(entries);
  refuseSize(entries);
  return entries;
}

/** One digest for a context: equal for equal paths, kinds, executable bits and bodies, in whatever order they came. */
export function contextDigest(entries: readonly ContextEntry[]): string {
  const lines = entries.map(({ path, type, mode, digest }) =>
    JSON.stringify([path, type, type === "file" ? (mode & 0o111) !== 0 : false, digest ?? ""]),
  );
  return digestOf(lines.sort().join("\n"));
}

/** A Dockerfile is a page or two; what is larger was not meant as one. */
const MAX_DOCKERFILE_BYTES = 1024 * 1024;

/** Text of the Dockerfile in a context. @throws InvalidRequestError when there is no such file */
export async function readFileText(blobs: BlobStore, context: readonly ContextEntry[], path: string): Promise<string> {
  const entry = context.find((one) => one.path === normalizeSource(path) && one.type === "file");
  if (entry?.digest === undefined) {
    throw new InvalidRequestError(`dockerfile_path: there is no file "${path}" in build_context.`);
  }
  if (entry.sizeBytes > MAX_DOCKERFILE_BYTES) {
    throw new InvalidRequestError(`dockerfile_path: "${path}" is larger than ${MAX_DOCKERFILE_BYTES} bytes.`);
  }
  if (entry.inline !== undefined) return entry.inline.toString("utf8");
  return Buffer.concat(await blobs.open(entry.digest).toArray()).toString("utf8");
}

function readEntry(stored: ReadonlyMap<string, Blob>, file: ContextFile, index: number): ContextEntry {
  const { path, entry_type, mode, blob_id, content_base64 } = file;
  const bits = mode === undefined ? undefined : Number.parseInt(mode, 8) & 0o7777;
  if (entry_type === "dir") return { path, type: "dir", mode: bits ?? DEFAULT_DIR_MODE, sizeBytes: 0 };
  const common = { path, type: "file" as const, mode: bits ?? DEFAULT_FILE_MODE };
  if (content_base64 !== undefined) {
    const inline = Buffer.from(content_base64, "base64");
    const digest = createHash("sha256").update(inline).digest("hex");
    return { ...common, digest, sizeBytes: inline.length, inline };
  }
  const blob = stored.get(blob_id ?? "");
  if (blob?.isStored) return { ...common, digest: blob.digest, sizeBytes: blob.sizeBytes };
  throw uploadError(
    "preflight",
    blob === undefined ? "unknown_blob" : "blob_not_uploaded",
    blob === undefined
      ? `build_context.files[${index}] (${path}): the service does not know the blob "${blob_id}".`
      : `build_context.files[${index}] (${path}): the blob "${blob_id}" was announced and never uploaded.`,
    "Run the preflight, upload what it says is missing, and start the build again.",
    { path, blob_id },
  );
}

function refusePathConflicts(entries: readonly ContextEntry[]): void {
  const kinds = new Map<string, "file" | "dir">();
  for (const { path, type } of entries) {
    if (kinds.has(path)) {
      throw uploadError(
        "preflight",
        "duplicate_path",
        `build_context: ${path} is there twice.`,
        "Name each path once.",
        { path },
      );
    }
    kinds.set(path, type);
  }
  for (const { path } of entries) {
    for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
      if (kinds.get(path.slice(0, slash)) !== "file") continue;
      throw uploadError(
        "preflight",
        "path_conflict",
        `build_context: ${path.slice(0, slash)} is a file, and ${path} lies under it.`,
        "A path is a file or a directory, not both.",
        { path },
      );
    }
  }
}

function refuseSize(entries: readonly ContextEntry[]): void {
  const total = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const inline = entries.reduce((sum, entry) => sum + (entry.inline?.length ?? 0), 0);
  if (inline > MAX_INLINE_BYTES) {
    throw uploadError(
      "preflight",
      "inline_too_large",
      `build_context: ${inline} bytes came inside the request; the most is ${MAX_INLINE_BYTES}.`,
      "Upload the files as blobs.",
      { size_bytes: inline, limit: MAX_INLINE_BYTES },
    );
  }
  if (total > MAX_CONTEXT_BYTES) {
    throw uploadError(
      "preflight",
      "context_too_large",
      `build_context: ${total} bytes; the most is ${MAX_CONTEXT_BYTES}.`,
      "Leave files out of the context, for example with a .dockerignore file.",
      { size_bytes: total, limit: MAX_CONTEXT_BYTES },
    );
  }
}
