import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { GRPC_STATUS, GrpcStatusError } from "../../grpc/grpc-status.ts";

/** Digests that name a file: nothing else of them gets into a path. */
const DIGEST = /^sha256:([0-9a-f]{64})$/;
/** Windows has no such flag, and no links that just anybody makes. */
const { O_RDONLY, O_NOFOLLOW = 0 } = constants;
/** Folders of a layout; a link in place of one would lead elsewhere. */
const FOLDERS = ["blobs", "blobs/sha256", "ingest"];

/** One blob of a layout. */
export interface BlobInfo {
  digest: string;
  sizeBytes: number;
  modifiedAt: Date;
}

/**
 * An OCI image layout: a folder that keeps blobs by their digest (OCI image specification, image-layout.md). Its files may
 * come from anywhere, so that each is held against its digest before a byte of it goes out.
 */
export class OciLayout {
  readonly dir: string;
  readonly #verified = new Map<string, Promise<void>>();

  constructor(dir: string) {
    this.dir = dir;
  }

  /** @throws Error when a folder of the layout is a link, or something else than a folder */
  async check(): Promise<void> {
    for (const name of FOLDERS) {
      const path = join(this.dir, name);
      const there = await lstat(path).catch(unlessMissing);
      if (there && !there.isDirectory()) throw new Error(`${path} is not a folder, as it is in an OCI layout`);
    }
  }

  /** Path of a blob. @throws GrpcStatusError (`invalid argument`) for what is not a digest */
  pathOf(digest: string): string {
    const [, hex] = DIGEST.exec(digest) ?? [];
    if (hex !== undefined) return join(this.dir, "blobs", "sha256", hex);
    throw new GrpcStatusError(GRPC_STATUS.invalidArgument, `${JSON.stringify(digest)} is not a SHA-256 digest`);
  }

  /** Facts of a blob. @returns `undefined` when there is no file of its name */
  async find(digest: string): Promise<BlobInfo | undefined> {
    const there = await lstat(this.pathOf(digest)).catch(unlessMissing);
    return there?.isFile() ? { digest, sizeBytes: there.size, modifiedAt: there.mtime } : undefined;
  }

  /** Every blob, in no order. */
  async *list(): AsyncGenerator<BlobInfo> {
    for (const hex of (await readdir(join(this.dir, "blobs", "sha256")).catch(unlessMissing)) ?? []) {
      const found = DIGEST.test(`sha256:${hex}`) ? await this.find(`sha256:${hex}`) : undefined;
      if (found) yield found;
    }
  }

  /**
   * Opens a blob, after its content was held against its digest, once.
   *
   * @throws GrpcStatusError when there is none (`not found`), or its content is another (`data loss`)
   */
  async open(digest: string): Promise<FileHandle> {
    const file = await this.#openFile(digest);
    try {
      let verified = this.#verified.get(digest);
      if (verified === undefined) this.#verified.set(digest, (verified = verify(file, digest, this.dir)));
      await verified;
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Whether there is a blob whose content has its digest. */
  async has(digest: string): Promise<boolean> {
    try {
      await (await this.open(digest)).close();
      return true;
    } catch (error) {
      if (error instanceof GrpcStatusError) return false;
      throw error;
    }
  }

  /** The bytes of a blob that was written just now have its digest. */
  noteWritten(digest: string): void {
    this.#verified.set(digest, Promise.resolve());
  }

  async #openFile(digest: string): Promise<FileHandle> {
    const path = this.pathOf(digest);
    try {
      return await open(path, O_RDONLY | O_NOFOLLOW);
    } catch (error) {
      if (!isMissing(error)) throw error;
      throw new GrpcStatusError(GRPC_STATUS.notFound, `there is no blob ${digest} in ${this.dir}`, error);
    }
  }
}

async function verify(file: FileHandle, digest: string, dir: string): Promise<void> {
  const hash = createHash("sha256");
  for await (const chunk of file.createReadStream({ start: 0, autoClose: false })) hash.update(chunk as Buffer);
  const actual = `sha256:${hash.digest("hex")}`;
  if (actual === digest) return;
  throw new GrpcStatusError(
    GRPC_STATUS.dataLoss,
    `the blob ${digest} in ${dir} is damaged (its content has the digest ${actual}): delete the folder, and let it be written again`,
  );
}

/** What is not there is no failure. */
export function unlessMissing(error: unknown): undefined {
  if (isMissing(error)) return undefined;
  throw error;
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return code === "ENOENT" || code === "ENOTDIR";
}
