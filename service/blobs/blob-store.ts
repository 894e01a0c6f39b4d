import { createHash, hash } from "node:crypto";
import { createReadStream, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import type { PreflightFile, PreflightResult } from "pulumi-nullspace/wire";
import { now } from "../clock.ts";
import { DiskFullError } from "../errors.ts";
import { newId } from "../ids.ts";
import { deleteUnusedBlobs, expectBlobs, findBlobs, markBlobsLost, markBlobsStored } from "../store/blobs.ts";
import type { Database } from "../store/database.ts";
import { BATCH_LIMITS, MAX_BLOB_BYTES, MAX_CONTEXT_BYTES, MAX_CONTEXT_ENTRIES } from "./blob-limits.ts";
import { SMALL_BODY_BYTES, SmallBodies, type SmallBody } from "../store/small-bodies.ts";
import { tooManyEntries, uploadError } from "./upload-error.ts";

const PREFIX = "blob_";

/** A file body that the store knows of. */
export interface Blob {
  /** SHA-256, lower-case hex. */
  digest: string;
  sizeBytes: number;
  /** Whether its bytes are here. */
  isStored: boolean;
}

/** A body that came whole, under the id of its blob. */
export interface WholeBody {
  blobId: string;
  bytes: Uint8Array;
}

/**
 * File bodies of build contexts, addressed by SHA-256. Small ones are rows of the store; a large one is a file of its own,
 * written aside, brought to the disk and renamed, so that a body is there whole or not at all. The blob id is the digest
 * with a prefix; equal bodies share one.
 */
export class BlobStore {
  readonly #db: Database;
  readonly #small: SmallBodies;
  readonly #folder: string;
  readonly #incoming: string;

  constructor(db: Database, folder: string) {
    this.#db = db;
    this.#small = new SmallBodies(db);
    this.#folder = folder;
    this.#incoming = join(folder, "incoming");
    // What an earlier process left half-written.
    rmSync(this.#incoming, { recursive: true, force: true });
    mkdirSync(this.#incoming, { recursive: true, mode: 0o700 });
  }

  /** The id of a body. */
  static idOf(digest: string): string {
    return PREFIX + digest;
  }

  /** Answers which bodies are missing, in the order asked, and expects those that are. */
  preflight(files: readonly PreflightFile[]): PreflightResult[] {
    if (files.length > MAX_CONTEXT_ENTRIES) throw tooManyEntries(files.length);
    refuseLarge(files);
    const bodies = files.flatMap(({ path, entry_type, sha256, size_bytes }) =>
      entry_type === "dir" || sha256 === undefined || size_bytes === undefined
        ? []
        : [{ path, digest: sha256, sizeBytes: size_bytes }],
    );
    const blobs = this.#db.grow(() => this.#expect(bodies));
    return files.map(({ path, entry_type, mode, sha256, force_upload }) => {
      const common = { path, entry_type, ...(mode !== undefined && { mode }) };
      const blob = entry_type === "dir" || sha256 === undefined ? undefined : blobs.get(sha256);
      if (blob === undefined) return { ...common, missing: false };
      return { ...common, missing: !blob.isStored || force_upload === true, blob_id: BlobStore.idOf(blob.digest) };
    });
  }

  /** What is known of a blob id; `undefined` for one that no preflight gave out. */
  find(blobId: string): Blob | undefined {
    return this.findAll([blobId]).get(blobId);
  }

  /** What is known of blob ids, by id; those that no preflight gave out are left out. */
  findAll(blobIds: readonly string[]): Map<string, Blob> {
    const digests = blobIds.filter((id) => id.startsWith(PREFIX)).map((id) => id.slice(PREFIX.length));
    return new Map(this.#read(digests).map((blob) => [BlobStore.idOf(blob.digest), blob]));
  }

  /**
   * Takes a body in. Sending one that is here already is fine.
   *
   * @param declaredBytes the request's Content-Length, where it has one
   * @throws InvalidRequestError `file_upload_error`: unknown blob, wrong size or digest, cut short
   */
  async put(blobId: string, body: Readable, declaredBytes: number | undefined): Promise<void> {
    const blob = this.find(blobId) ?? refuseUnknown(blobId);
    if (declaredBytes !== undefined && declaredBytes !== blob.sizeBytes)
      throw wrongSize(blobId, blob.sizeBytes, declaredBytes);
    if (blob.sizeBytes <= SMALL_BODY_BYTES) {
      this.#storeSmall([{ digest: blob.digest, bytes: await readWhole(blob, blobId, body) }]);
      return;
    }
    await this.#storeFile(blob, body, blobId);
    this.#markStored([blob.digest]);
  }

  /**
   * Takes in bodies that came together: all of them, or none when one is wrong.
   *
   * @throws InvalidRequestError `file_upload_error`: unknown blob, wrong size or digest
   */
  async putBatch(bodies: readonly WholeBody[]): Promise<void> {
    const bytes = bodies.reduce((sum, body) => sum + body.bytes.length, 0);
    if (bodies.length > BATCH_LIMITS.max_blobs || bytes > BATCH_LIMITS.max_bytes) {
      throw uploadError(
        "blob_upload",
        "batch_too_large",
        `The batch has ${bodies.length} bodies of ${bytes} bytes; the most are ${BATCH_LIMITS.max_blobs} and ${BATCH_LIMITS.max_bytes}.`,
        "Send them in several batches, or one by one.",
        { bodies: bodies.length, size_bytes: bytes, limits: BATCH_LIMITS },
      );
    }
    await this.#putWhole(bodies);
  }

  async #putWhole(bodies: readonly WholeBody[]): Promise<void> {
    const blobs = this.findAll(bodies.map(({ blobId }) => blobId));
    const small: SmallBody[] = [];
    for (const { blobId, bytes } of bodies) {
      const blob = blobs.get(blobId) ?? refuseUnknown(blobId);
      if (bytes.length !== blob.sizeBytes) throw wrongSize(blobId, blob.sizeBytes, bytes.length);
      refuseOtherDigest(blob, blobId, hash("sha256", bytes));
      if (bytes.length <= SMALL_BODY_BYTES) small.push({ digest: blob.digest, bytes });
    }
    for (const { blobId, bytes } of bodies) {
      if (bytes.length <= SMALL_BODY_BYTES) continue;
      const blob = blobs.get(blobId) as Blob;
      await this.#storeFile(blob, [bytes], blobId);
      this.#markStored([blob.digest]);
    }
    this.#storeSmall(small);
  }

  /** Takes in bodies that came inside a build's request. */
  async putInline(bodies: readonly { path: string; bytes: Uint8Array }[]): Promise<void> {
    const wanted = bodies.map(({ path, bytes }) => ({
      path,
      digest: hash("sha256", bytes),
      sizeBytes: bytes.length,
      bytes,
    }));
    const blobs = this.#db.grow(() => this.#expect(wanted));
    const missing = new Map(
      wanted.filter(({ digest }) => !blobs.get(digest)?.isStored).map(({ digest, bytes }) => [digest, bytes]),
    );
    await this.#putWhole([...missing].map(([digest, bytes]) => ({ blobId: BlobStore.idOf(digest), bytes })));
  }

  /** The bytes of stored bodies that fit into memory together, in the order asked. */
  readAll(digests: readonly string[]): Uint8Array[] {
    const small = this.#small.read(digests);
    // A file: one that is not small, or came before small ones were rows.
    return digests.map((digest) => small.get(digest) ?? readFileSync(this.#pathOf(digest)));
  }

  /** The bytes of a stored body. */
  open(digest: string): Readable {
    const [small] = this.#small.read([digest]).values();
    return small === undefined ? createReadStream(this.#pathOf(digest)) : Readable.from([Buffer.from(small)]);
  }

  /**
   * Removes bodies that no context holds and that nobody asked for since `before`.
   *
   * @returns how many were removed
   */
  async sweep(before: string): Promise<number> {
    const gone = deleteUnusedBlobs(this.#db, before);
    for (const digest of gone) await rm(this.#pathOf(digest), { force: true });
    return gone.length;
  }

  /** Notes that bodies are wanted. @returns what is known of each, by digest */
  #expect(bodies: readonly { path: string; digest: string; sizeBytes: number }[]): Map<string, KnownBlob> {
    const sizes = new Map<string, number>();
    for (const { path, digest, sizeBytes } of bodies) {
      const other = sizes.get(digest);
      if (other !== undefined && other !== sizeBytes) throw conflictingSizes(path, digest, other, sizeBytes);
      sizes.set(digest, sizeBytes);
    }
    expectBlobs(this.#db, sizes, now());
    const known = new Map(this.#read([...sizes.keys()]).map((blob) => [blob.digest, blob]));
    const lost: string[] = [];
    for (const { path, digest, sizeBytes } of bodies) {
      const blob = known.get(digest) as KnownBlob;
      if (blob.sizeBytes !== sizeBytes) throw conflictingSizes(path, digest, blob.sizeBytes, sizeBytes);
      if (!blob.isStored || blob.isRow) continue;
      // The row is a promise; the file is the truth (someone may have cleaned the folder by hand).
      if (statSync(this.#pathOf(digest), { throwIfNoEntry: false })?.size === sizeBytes) continue;
      blob.isStored = false;
      lost.push(digest);
    }
    if (lost.length > 0) markBlobsLost(this.#db, lost);
    return known;
  }

  #read(digests: readonly string[]): KnownBlob[] {
    return findBlobs(this.#db, digests).map(({ isStored, isRow, ...blob }) => ({
      ...blob,
      isStored: isStored === 1,
      isRow: isRow === 1,
    }));
  }

  #storeSmall(bodies: readonly SmallBody[]): void {
    this.#db.grow(() => {
      this.#small.write(bodies);
      this.#markStored(bodies.map(({ digest }) => digest));
    });
  }

  async #storeFile(blob: Blob, body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, blobId: string): Promise<void> {
    const { room } = this.#db;
    room?.assert();
    try {
      await this.#writeFile(blob, body, blobId);
    } catch (error) {
      throw room?.isFull(error) === true ? new DiskFullError(room.folder, { cause: error }) : error;
    }
  }

  async #writeFile(blob: Blob, body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, blobId: string): Promise<void> {
    const temporary = join(this.#incoming, newId("in_"));
    const file = await open(temporary, "wx", 0o600);
    try {
      const sum = createHash("sha256");
      for await (const chunk of exactly(blob, blobId, body)) {
        sum.update(chunk);
        await file.writeFile(chunk);
      }
      refuseOtherDigest(blob, blobId, sum.digest("hex"));
      await file.sync();
      await file.close();
      const target = this.#pathOf(blob.digest);
      const made = await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await rename(temporary, target);
      // A name is on the disk when its folder is.
      await syncFolder(dirname(target));
      if (made !== undefined) await syncFolder(this.#folder);
    } finally {
      await file.close();
      await rm(temporary, { force: true });
    }
  }

  #markStored(digests: readonly string[]): void {
    markBlobsStored(this.#db, digests, now());
  }

  #pathOf(digest: string): string {
    return join(this.#folder, digest.slice(0, 2), digest);
  }
}

/** A blob, and whether its bytes are a row of the store. */
interface KnownBlob extends Blob {
  isRow: boolean;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function readWhole(blob: Blob, blobId: string, body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of exactly(blob, blobId, body)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  refuseOtherDigest(blob, blobId, hash("sha256", bytes));
  return bytes;
}

/** The chunks of an upload, which must be as long as the preflight said. */
async function* exactly(
  { sizeBytes }: Blob,
  blobId: string,
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > sizeBytes) throw wrongSize(blobId, sizeBytes, size);
      yield chunk;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ECONNRESET") throw error;
    throw uploadError(
      "blob_upload",
      "truncated",
      `The upload of ${blobId} was cut short after ${size} bytes.`,
      "Upload it again.",
      { blob_id: blobId },
    );
  }
  if (size !== sizeBytes) throw wrongSize(blobId, sizeBytes, size);
}

function refuseUnknown(blobId: string): never {
  throw uploadError(
    "blob_upload",
    "unknown_blob",
    `The service did not ask for the blob "${blobId}".`,
    "Call POST /v1/templates/blobs/preflight first, and upload under the blob ids of its answer.",
    { blob_id: blobId },
  );
}

function refuseOtherDigest({ digest: expected }: Blob, blobId: string, digest: string): void {
  if (digest === expected) return;
  throw uploadError(
    "blob_upload",
    "digest_mismatch",
    `The bytes sent as ${blobId} have the SHA-256 ${digest}, not ${expected}.`,
    "The file changed after the preflight, or the upload was damaged: run the preflight again and upload again.",
    { blob_id: blobId, expected_sha256: expected, actual_sha256: digest },
  );
}

function refuseLarge(files: readonly PreflightFile[]): void {
  let total = 0;
  for (const { path, size_bytes = 0 } of files) {
    total += size_bytes;
    if (size_bytes <= MAX_BLOB_BYTES) continue;
    throw uploadError(
      "preflight",
      "file_too_large",
      `${path} has ${size_bytes} bytes; the most for one file is ${MAX_BLOB_BYTES}.`,
      "Leave the file out of the context, or fetch it in a build step.",
      { path, size_bytes, limit: MAX_BLOB_BYTES },
    );
  }
  if (total <= MAX_CONTEXT_BYTES) return;
  throw uploadError(
    "preflight",
    "context_too_large",
    `The build context has ${total} bytes; the most is ${MAX_CONTEXT_BYTES}.`,
    "Leave files out of the context, for example with a .dockerignore file.",
    { size_bytes: total, limit: MAX_CONTEXT_BYTES },
  );
}

function conflictingSizes(path: string, digest: string, expected: number, actual: number): Error {
  return uploadError(
    "preflight",
    "conflicting_sizes",
    `${path}: the body with SHA-256 ${digest} has ${expected} bytes, and the request says ${actual}.`,
    "Compute the digest and the size from the same bytes: the file may have changed in between.",
    { path, sha256: digest, expected_bytes: expected, size_bytes: actual },
  );
}

function wrongSize(blobId: string, expected: number, actual: number): Error {
  return uploadError(
    "blob_upload",
    "size_mismatch",
    `${blobId} was announced with ${expected} bytes, and ${actual} came.`,
    "The file changed after the preflight, or the upload was cut: run the preflight again and upload again.",
    { blob_id: blobId, expected_bytes: expected, actual_bytes: actual },
  );
}
