import { hash } from "node:crypto";
import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import type { PreflightFile, PreflightResult } from "pulumi-nullspace/wire";
import { now } from "../clock.ts";
import { DiskFullError } from "../errors.ts";
import { deleteUnusedBlobs, expectBlobs, findBlobs, markBlobsLost, markBlobsStored } from "../store/blobs.ts";
import type { Database } from "../store/database.ts";
import { SMALL_BODY_BYTES, SmallBodies, type SmallBody } from "../store/small-bodies.ts";
import type { BlobBytes } from "./blob-bytes.ts";
import { MAX_CONTEXT_ENTRIES } from "./blob-limits.ts";
import {
  checked,
  conflictingSizes,
  readWhole,
  refuseLarge,
  refuseLargeBatch,
  refuseOtherDigest,
  refuseUnknown,
  wrongSize,
} from "./upload-checks.ts";
import { tooManyEntries } from "./upload-error.ts";

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
 * File bodies of build contexts, addressed by SHA-256. Small ones are rows of the store; where large ones are is the matter
 * of {@link BlobBytes}. The blob id is the digest with a prefix; equal bodies share one.
 */
export class BlobStore {
  readonly #db: Database;
  readonly #small: SmallBodies;
  readonly #large: BlobBytes;

  /** @param large where bodies that are no rows are kept */
  constructor(db: Database, large: BlobBytes) {
    this.#db = db;
    this.#small = new SmallBodies(db);
    this.#large = large;
  }

  /** The id of a body. */
  static idOf(digest: string): string {
    return PREFIX + digest;
  }

  /** Answers which bodies are missing, in the order asked, and expects those that are. */
  async preflight(files: readonly PreflightFile[]): Promise<PreflightResult[]> {
    if (files.length > MAX_CONTEXT_ENTRIES) throw tooManyEntries(files.length);
    refuseLarge(files);
    const bodies = files.flatMap(({ path, entry_type, sha256, size_bytes }) =>
      entry_type === "dir" || sha256 === undefined || size_bytes === undefined
        ? []
        : [{ path, digest: sha256, sizeBytes: size_bytes }],
    );
    const blobs = await this.#expect(bodies);
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
    await this.#storeLarge(blob, body, blobId);
  }

  /**
   * Takes in bodies that came together: all of them, or none when one is wrong.
   *
   * @throws InvalidRequestError `file_upload_error`: unknown blob, wrong size or digest
   */
  async putBatch(bodies: readonly WholeBody[]): Promise<void> {
    refuseLargeBatch(bodies.map(({ bytes }) => bytes.length));
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
      await this.#storeLarge(blobs.get(blobId) as Blob, Readable.from([bytes]), blobId);
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
    const blobs = await this.#expect(wanted);
    const missing = new Map(
      wanted.filter(({ digest }) => !blobs.get(digest)?.isStored).map(({ digest, bytes }) => [digest, bytes]),
    );
    await this.#putWhole([...missing].map(([digest, bytes]) => ({ blobId: BlobStore.idOf(digest), bytes })));
  }

  /** The bytes of stored bodies that fit into memory together, in the order asked. */
  async readAll(digests: readonly string[]): Promise<Uint8Array[]> {
    const small = this.#small.read(digests);
    // Not a row: one that is not small, or came before small ones were rows.
    const read = async (digest: string) => Buffer.concat(await this.#large.open(digest).toArray());
    const bodies: Uint8Array[] = [];
    for (const digest of digests) bodies.push(small.get(digest) ?? (await read(digest)));
    return bodies;
  }

  /** The bytes of a stored body. */
  open(digest: string): Readable {
    const [small] = this.#small.read([digest]).values();
    return small === undefined ? this.#large.open(digest) : Readable.from([Buffer.from(small)]);
  }

  /**
   * Removes bodies that no context holds and that nobody asked for since `before`.
   *
   * @returns how many were removed
   */
  async sweep(before: string): Promise<number> {
    const gone = deleteUnusedBlobs(this.#db, before);
    for (const digest of gone) {
      // Somebody may have asked for it since: the bytes are then the new ones, or will be.
      if (findBlobs(this.#db, [digest]).length === 0) await this.#large.remove(digest);
      await setImmediate();
    }
    return gone.length;
  }

  /** Removes bytes that the store knows nothing of: a sweep was cut between the record and the bytes. @returns how many */
  async sweepStrays(): Promise<number> {
    let removed = 0;
    for await (const digests of this.#large.list()) {
      const known = new Set(findBlobs(this.#db, digests).map(({ digest }) => digest));
      for (const digest of digests.filter((name) => !known.has(name))) {
        await this.#large.remove(digest);
        removed += 1;
      }
      await setImmediate();
    }
    return removed;
  }

  /** Notes that bodies are wanted. @returns what is known of each, by digest */
  async #expect(
    bodies: readonly { path: string; digest: string; sizeBytes: number }[],
  ): Promise<Map<string, KnownBlob>> {
    const known = this.#db.grow(() => this.#expectInStore(bodies));
    const recorded = [...known.values()].filter(({ isStored, isRow }) => isStored && !isRow);
    if (recorded.length === 0) return known;
    // The row is a promise; the bytes are the truth (someone may have cleaned the folder by hand).
    const lookedAt = now();
    const sizes = await this.#large.sizes(recorded.map(({ digest }) => digest));
    const lost = recorded.filter(({ digest, sizeBytes }) => sizes.get(digest) !== sizeBytes);
    for (const blob of lost) blob.isStored = false;
    if (lost.length > 0) {
      const digests = lost.map(({ digest }) => digest);
      markBlobsLost(this.#db, digests, lookedAt);
    }
    return known;
  }

  #expectInStore(bodies: readonly { path: string; digest: string; sizeBytes: number }[]): Map<string, KnownBlob> {
    const sizes = new Map<string, number>();
    for (const { path, digest, sizeBytes } of bodies) {
      const other = sizes.get(digest);
      if (other !== undefined && other !== sizeBytes) throw conflictingSizes(path, digest, other, sizeBytes);
      sizes.set(digest, sizeBytes);
    }
    expectBlobs(this.#db, sizes, now());
    const known = new Map(this.#read([...sizes.keys()]).map((blob) => [blob.digest, blob]));
    for (const { path, digest, sizeBytes } of bodies) {
      const blob = known.get(digest) as KnownBlob;
      if (blob.sizeBytes !== sizeBytes) throw conflictingSizes(path, digest, blob.sizeBytes, sizeBytes);
    }
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

  async #storeLarge(blob: Blob, body: AsyncIterable<Uint8Array>, blobId: string): Promise<void> {
    const { room } = this.#db;
    room?.assert();
    try {
      await this.#large.put(blob.digest, checked(blob, blobId, body));
    } catch (error) {
      throw room?.isFull(error) === true ? new DiskFullError(room.folder, { cause: error }) : error;
    }
    this.#markStored([blob.digest]);
  }

  #markStored(digests: readonly string[]): void {
    markBlobsStored(this.#db, digests, now());
  }
}

/** A blob, and whether its bytes are a row of the store. */
interface KnownBlob extends Blob {
  isRow: boolean;
}
