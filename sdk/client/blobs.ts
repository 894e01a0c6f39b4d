import { like, listOf, object, check, text } from "../arguments/index.ts";
import { CALL } from "./argument-rules.ts";
import type { Readable } from "node:stream";
import type { BlobBatch, BlobBatchLimits, PreflightFile, PreflightResult } from "../wire/blob.ts";
import { pickCallOptions, type CallOptions } from "./call-options.ts";
import { InvalidResponseError } from "./errors.ts";
import { path } from "./path.ts";
import type { Transport } from "./transport.ts";

/** What a preflight returns. */
export interface PreflightAnswer {
  /** One result for each file asked about, in the order asked. */
  results: PreflightResult[];
  /** Set by a service that takes several bodies in one call, {@link BlobsApi.putBatch}. */
  batch?: BlobBatchLimits | undefined;
}

const FILES = listOf(object, "files");
const BLOBS = listOf(
  like(
    "an object with blobId and bytes",
    ({ blobId, bytes }) => typeof blobId === "string" && bytes instanceof Uint8Array,
  ),
  "blobs",
);
const BODY = like(
  "an object with open and sizeBytes",
  ({ open, sizeBytes }) => typeof open === "function" && typeof sizeBytes === "number",
);

/**
 * File bodies of build contexts.
 *
 * @example
 * ```ts
 * import { createHash } from "node:crypto";
 * import { readFile } from "node:fs/promises";
 *
 * await using client = new NullspaceClient();
 * const bytes = await readFile("app/index.js");
 * const sha256 = createHash("sha256").update(bytes).digest("hex");
 * const file = { path: "index.js", entry_type: "file", sha256, size_bytes: bytes.length } as const;
 * const [blob] = await client.blobs.preflight([file]);
 * if (blob?.missing) {
 *   await client.blobs.put(blob.blob_id!, { open: () => bytes, sizeBytes: bytes.length });
 * }
 * ```
 */
export class BlobsApi {
  readonly #transport: Transport;

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Asks which of these files the service lacks.
   *
   * @returns one result for each file asked about, in the order asked
   * @throws InvalidResponseError when the answer leaves a file out, or gives it no blob
   */
  async preflight(files: readonly PreflightFile[], options: CallOptions = {}): Promise<PreflightResult[]> {
    check("blobs.preflight", { files: FILES, options: CALL }, { files, options });
    return (await this.ask(files, options)).results;
  }

  /** As {@link BlobsApi.preflight}, with what else the service says about uploads. */
  async ask(files: readonly PreflightFile[], options: CallOptions = {}): Promise<PreflightAnswer> {
    check("blobs.ask", { files: FILES, options: CALL }, { files, options });
    const { files: results, batch } = await this.#transport.json(
      {
        what: `ask which of ${files.length} files to upload`,
        method: "POST",
        path: "/v1/templates/blobs/preflight",
        body: { files },
        repeatable: true,
        ...pickCallOptions(options),
      },
      (wire) => wire.PreflightResponse,
    );
    const byPath = new Map(results.map((result) => [result.path, result]));
    if (results.length !== files.length || byPath.size !== files.length) {
      throw new InvalidResponseError(
        `The service answered the preflight of ${files.length} files with ${byPath.size} different paths.`,
      );
    }
    const inOrder = files.map((file) => {
      const result = byPath.get(file.path);
      if (result === undefined || (file.entry_type === "file" && !result.blob_id)) {
        throw new InvalidResponseError(`The service's preflight gave no blob for ${file.path}.`);
      }
      return result;
    });
    return { results: inOrder, batch };
  }

  /**
   * Uploads the bytes of several small blobs in one call, to a service whose preflight says that it takes them so: all
   * are stored, or none. Safe to repeat.
   */
  async putBatch(blobs: readonly { blobId: string; bytes: Uint8Array }[], options: CallOptions = {}): Promise<void> {
    check("blobs.putBatch", { blobs: BLOBS, options: CALL }, { blobs, options });
    await this.#transport.done({
      what: `upload ${blobs.length} small files`,
      method: "POST",
      path: "/v1/templates/blobs/batch",
      body: {
        blobs: blobs.map(({ blobId, bytes }) => ({
          blob_id: blobId,
          content_base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"),
        })),
      } satisfies BlobBatch,
      repeatable: true,
      ...pickCallOptions(options),
    });
  }

  /**
   * Uploads the bytes of a blob. Safe to repeat: the same bytes are the same blob.
   *
   * @param body opened again for every attempt
   */
  async put(
    blobId: string,
    body: { open: (signal: AbortSignal | undefined) => Readable | Uint8Array; sizeBytes: number; path?: string },
    options: CallOptions = {},
  ): Promise<void> {
    check("blobs.put", { blobId: text, body: BODY, options: CALL }, { blobId, body, options });
    await this.#transport.done({
      what: `upload ${body.path ?? `blob ${blobId}`}`,
      method: "PUT",
      path: path`/v1/templates/blobs/${blobId}`,
      upload: body,
      ...pickCallOptions(options),
    });
  }
}
