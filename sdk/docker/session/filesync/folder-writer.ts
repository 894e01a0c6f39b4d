import { constants } from "node:fs";
import { chmod, type FileHandle, link, lstat, mkdir, open, rm, symlink, utimes } from "node:fs/promises";
import { join, posix, sep } from "node:path";
import { GO_MODE, GO_MODE_TYPE, type ReceivedEntry, PERMISSIONS } from "./received-entry.ts";

/** A root file system has some hundred thousand entries; what is beyond this is not an image's. */
const MAX_ENTRIES = 5_000_000;
/** The owner must be able to go on writing below a directory that the image has read-only. */
const OWNER_ALL = 0o700;
const NEW_FILE_MODE = 0o600;
/** Windows has no such flag, and no links that just anybody makes. */
const { O_RDWR, O_NOFOLLOW = 0 } = constants;

/**
 * Writes the result of a build into a folder of this machine, beside what is there. The entries come from a builder, which
 * may be somebody else's: nothing is written through a link, and nothing outside of the folder.
 *
 * Everything belongs to the caller; permissions are the image's, without set-user-ID and set-group-ID, which would hand
 * out the caller's rights.
 */
export class FolderWriter {
  readonly #root: string;
  readonly #folders = new Map<string, ReceivedEntry>();
  readonly #files = new Map<number, ReceivedEntry>();
  readonly #paths = new Set<string>();
  readonly #open = new Map<number, FileHandle>();
  #last = Buffer.alloc(0);
  #count = 0;

  constructor(root: string) {
    this.#root = root;
  }

  /** Makes the folder itself. */
  async begin(): Promise<void> {
    await mkdir(this.#root, { recursive: true });
  }

  /** Takes the next entry of the walk. @returns its number when its content is wanted */
  async add(stat: ReceivedEntry): Promise<number | undefined> {
    const id = this.#count++;
    if (id >= MAX_ENTRIES) throw new Error(`the result has more than ${MAX_ENTRIES} entries`);
    this.#check(stat.path);
    const path = this.#place(stat.path);
    const type = (stat.mode & GO_MODE_TYPE) >>> 0;
    const there = await lstat(path).catch(unlessMissing);
    if (type === GO_MODE.dir) {
      if (!there?.isDirectory()) {
        if (there) await rm(path);
        await mkdir(path);
      }
      await chmod(path, (stat.mode & PERMISSIONS) | OWNER_ALL);
      this.#folders.set(stat.path, stat);
      return undefined;
    }
    if (type !== 0 && type !== GO_MODE.symlink) {
      throw new Error(
        `${stat.path} is a device, a socket or a pipe, which are not written to a folder: use the output tar`,
      );
    }
    // Removing does not follow a link; writing would.
    if (there) await rm(path, { recursive: true });
    if (type === GO_MODE.symlink) {
      await symlink(stat.linkname, path);
      return undefined;
    }
    if (stat.linkname !== "") {
      if (!this.#paths.has(stat.linkname))
        throw new Error(`${stat.path} is a link to ${stat.linkname}, which did not come`);
      await link(this.#place(stat.linkname), path);
      return undefined;
    }
    await (await open(path, "wx", NEW_FILE_MODE)).close();
    this.#paths.add(stat.path);
    this.#files.set(id, stat);
    return id;
  }

  /** Takes a piece of a file's content; an empty one ends it. @returns whether it was the last */
  async write(id: number, data: Uint8Array): Promise<boolean> {
    const stat = this.#files.get(id);
    if (stat === undefined) throw new Error(`content came for the entry ${id}, which was not asked for`);
    const file = this.#open.get(id) ?? (await open(this.#place(stat.path), O_RDWR | O_NOFOLLOW));
    this.#open.set(id, file);
    if (data.length > 0) {
      await file.writeFile(data);
      return false;
    }
    await file.chmod(stat.mode & PERMISSIONS);
    await file.utimes(modifiedAt(stat), modifiedAt(stat));
    await file.close();
    this.#open.delete(id);
    this.#files.delete(id);
    return true;
  }

  /** Gives directories their own permissions and times, which writing below them changed. */
  async finish(): Promise<void> {
    for (const [path, stat] of [...this.#folders].reverse()) {
      await chmod(this.#place(path), stat.mode & PERMISSIONS);
      await utimes(this.#place(path), modifiedAt(stat), modifiedAt(stat));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const file of this.#open.values()) await file.close();
    this.#open.clear();
  }

  /**
   * A parent must have come as a directory: else a link of the result, or one that lay there, would lead elsewhere. For
   * the same reason nothing may come twice, which the order of a walk sees to (fsutil, Validator).
   */
  #check(path: string): void {
    const key = Buffer.from(path.replaceAll("/", "\0"));
    const isNext = Buffer.compare(key, this.#last) > 0;
    this.#last = key;
    const segments = path.split("/");
    const isPlain = segments.every((segment) => segment !== "" && segment !== "." && segment !== "..");
    const parent = posix.dirname(path);
    const hasParent = parent === "." || this.#folders.has(parent);
    if (isPlain && hasParent && !isNext)
      throw new Error(`${JSON.stringify(path)} does not come in the order of a walk`);
    if (isPlain && hasParent && !path.includes("\0") && (sep === "/" || !/[\\:]/.test(path))) return;
    throw new Error(`${JSON.stringify(path)} is not a path inside the folder that is written`);
  }

  #place(path: string): string {
    return join(this.#root, path);
  }
}

function modifiedAt({ modTime }: ReceivedEntry): Date {
  return new Date(Number(modTime) / 1e6);
}

function unlessMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  return undefined;
}
