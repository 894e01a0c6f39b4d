import { createHash, randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { GRPC_STATUS, GrpcStatusError } from "../../grpc/grpc-status.ts";
import { type OciLayout, unlessMissing } from "./oci-layout.ts";

/** A draft that nobody has written to for so long is one of a process that was killed. */
const FORSAKEN_MS = 24 * 60 * 60_000;
const ENDING = ".partial";
/** Each is lost only to another build that ends in this very moment. */
const MOST_ATTEMPTS = 100;

/** A blob on its way into a layout: beside the blobs until it is complete, and then among them at once. */
export class BlobDraft implements AsyncDisposable {
  readonly startedAt = new Date();
  /** When its last byte came. */
  updatedAt = this.startedAt;
  readonly #layout: OciLayout;
  readonly #path: string;
  readonly #file: FileHandle;
  #hash = createHash("sha256");
  #offset = 0;
  #isOver = false;

  private constructor(layout: OciLayout, path: string, file: FileHandle) {
    this.#layout = layout;
    this.#path = path;
    this.#file = file;
  }

  static async open(layout: OciLayout): Promise<BlobDraft> {
    const folder = draftsOf(layout);
    const path = join(folder, `${randomBytes(8).toString("hex")}${ENDING}`);
    for (let attempt = 1; ; attempt++) {
      try {
        await mkdir(folder, { recursive: true });
        return new BlobDraft(layout, path, await open(path, "wx"));
      } catch (error) {
        // Another build that ends just now takes the empty folder away.
        if (attempt === MOST_ATTEMPTS) throw error;
        unlessMissing(error);
      }
    }
  }

  /** Bytes that have come. */
  get offset(): number {
    return this.#offset;
  }

  /** Digest of the bytes that have come. */
  get digest(): string {
    return `sha256:${this.#hash.copy().digest("hex")}`;
  }

  async write(data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length;) {
      const { bytesWritten } = await this.#file.write(data, at, data.length - at, this.#offset);
      this.#hash.update(data.subarray(at, at + bytesWritten));
      this.#offset += bytesWritten;
      at += bytesWritten;
    }
    this.updatedAt = new Date();
  }

  /** Forgets what has come. */
  async restart(): Promise<void> {
    await this.#file.truncate(0);
    this.#hash = createHash("sha256");
    this.#offset = 0;
  }

  /**
   * Makes it a blob.
   *
   * @param expected digest that it must have; empty for any
   * @param total bytes that it must have; 0 for any
   * @throws GrpcStatusError (`failed precondition`) when it is another
   */
  async commit(expected: string, total: number): Promise<string> {
    const { digest } = this;
    if ((expected !== "" && expected !== digest) || (total > 0 && total !== this.#offset)) {
      throw new GrpcStatusError(
        GRPC_STATUS.failedPrecondition,
        `a blob of ${this.#offset} bytes with the digest ${digest} came where ${expected || "any"} of ${total || "any"} bytes was announced`,
      );
    }
    await this.#file.sync();
    await this.#file.close();
    this.#isOver = true;
    const path = this.#layout.pathOf(digest);
    await mkdir(dirname(path), { recursive: true });
    await rename(this.#path, path);
    this.#layout.noteWritten(digest);
    return digest;
  }

  /** Removes it, unless it has become a blob. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#file.close();
    await rm(this.#path, { force: true });
  }
}

/** Removes drafts that were left behind, and their folder when it is empty. */
export async function removeForsakenDrafts(layout: OciLayout): Promise<void> {
  const folder = draftsOf(layout);
  const names = await readdir(folder).catch(unlessMissing);
  if (names === undefined) return;
  for (const path of names.filter((name) => name.endsWith(ENDING)).map((name) => join(folder, name))) {
    const there = await stat(path).catch(unlessMissing);
    if (there && Date.now() - there.mtimeMs > FORSAKEN_MS) await rm(path, { force: true });
  }
  // Another build may be writing into it just now.
  await rmdir(folder).catch(() => {});
}

/** As containerd calls it, beside `blobs`. */
function draftsOf(layout: OciLayout): string {
  return join(layout.dir, "ingest");
}
