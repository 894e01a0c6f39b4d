import { createReadStream, readFileSync } from "node:fs";
import { Readable } from "node:stream";
import {
  collectContext,
  ContextSourceError,
  createRequest,
  hashFiles,
  type LocalEntry,
  type RequestOptions,
  type TemplateDefinition,
} from "../../template/index.ts";
import type { CreateTemplateRequest } from "../../wire/create-template.ts";
import type { NullspaceClient } from "../client.ts";
import type { ReadTogether, UploadEntry } from "../upload-entry.ts";
import { uploadFiles, type UploadOptions } from "../upload-files.ts";

/** Makes the request of a build, its files uploaded. */
export async function prepareBuild(
  client: NullspaceClient,
  definition: TemplateDefinition,
  options: RequestOptions,
  upload: UploadOptions,
): Promise<CreateTemplateRequest> {
  const context = collectContext(definition);
  const request = createRequest(definition, options, "outline", context);
  if (context.entries.length === 0) return request;
  const digests = await hashFiles(
    context.entries.filter(({ type }) => type === "file"),
    upload.signal,
  );
  const ordered = digests.values();
  const readTogether = readerOf(context.entries);
  const entries = context.entries.map((entry) => uploadEntry(entry, () => ordered.next().value!, readTogether));
  return { ...request, build_context: { files: await uploadFiles(client.blobs, entries, upload) } };
}

function uploadEntry(entry: LocalEntry, nextDigest: () => string, readTogether: ReadTogether): UploadEntry {
  const { type, path, mode, fsPath, sizeBytes, forceUpload } = entry;
  if (type === "dir") return { type, path, mode };
  const sha256 = nextDigest();
  const open = (): Readable => Readable.from(readAsHashed(fsPath, sizeBytes), { objectMode: false });
  return { type: "file", path, mode, sizeBytes, sha256, ...(forceUpload && { forceUpload }), open, readTogether };
}

/** Small files, a few at a time: one by one, each would wait for a thread of its own several times. */
function readerOf(entries: readonly LocalEntry[]): ReadTogether {
  const places = new Map(entries.map(({ path, fsPath }) => [path, fsPath]));
  return async (files) =>
    files.map(({ path, sizeBytes }) => {
      const fsPath = places.get(path)!;
      let bytes: Uint8Array;
      try {
        bytes = readFileSync(fsPath);
      } catch (error) {
        throw changed(fsPath, error);
      }
      if (bytes.length !== sizeBytes) throw changed(fsPath);
      return bytes;
    });
}

function changed(path: string, cause?: unknown): ContextSourceError {
  return new ContextSourceError(
    path,
    "changed while it was being uploaded: build again when nothing is writing to it",
    {
      code: "source_unreadable",
      cause,
    },
  );
}

/** The file's bytes; a file that has grown or shrunk since it was hashed is an error that names it. */
async function* readAsHashed(path: string, sizeBytes: number): AsyncGenerator<Buffer> {
  let read = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      read += chunk.byteLength;
      if (read > sizeBytes) throw changed(path);
      yield chunk;
    }
  } catch (error) {
    throw error instanceof ContextSourceError ? error : changed(path, error);
  }
  if (read < sizeBytes) throw changed(path);
}
