import { createReadStream } from "node:fs";
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
import { uploadFiles, type UploadEntry, type UploadOptions } from "../upload-files.ts";

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
  const entries = context.entries.map((entry) => uploadEntry(entry, () => ordered.next().value!));
  return { ...request, build_context: { files: await uploadFiles(client.blobs, entries, upload) } };
}

function uploadEntry(entry: LocalEntry, nextDigest: () => string): UploadEntry {
  const { type, path, mode, fsPath, sizeBytes, forceUpload } = entry;
  if (type === "dir") return { type, path, mode };
  const sha256 = nextDigest();
  const open = (): Readable => Readable.from(readAsHashed(fsPath, sizeBytes), { objectMode: false });
  return { type: "file", path, mode, sizeBytes, sha256, ...(forceUpload && { forceUpload }), open };
}

/** The file's bytes; a file that has grown or shrunk since it was hashed is an error that names it. */
async function* readAsHashed(path: string, sizeBytes: number): AsyncGenerator<Buffer> {
  let read = 0;
  const changed = (cause?: unknown): ContextSourceError =>
    new ContextSourceError(path, "changed while it was uploaded: build again when nothing writes to it", {
      code: "source_unreadable",
      cause,
    });
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      read += chunk.byteLength;
      if (read > sizeBytes) throw changed();
      yield chunk;
    }
  } catch (error) {
    throw error instanceof ContextSourceError ? error : changed(error);
  }
  if (read < sizeBytes) throw changed();
}
