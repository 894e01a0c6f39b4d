import { execFileSync } from "node:child_process";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A kind of file system that a full disk is tried on. The blocks of a small ext4 are smaller than a page of memory; "quota"
 * is a large btrfs, of which a folder may have so much.
 */
export type FileSystem = "tmpfs" | "ext4" | "btrfs" | "quota";

/** Size of the file system in which a quota is less. */
const LARGE_MB = 512;

/** A small file system of its own, which can be filled to the brim. Needs root. */
export class SmallDisk implements Disposable {
  readonly #place = mkdtempSync(join(tmpdir(), "nullspace-disk-"));
  /** Where it is mounted. */
  readonly path = join(this.#place, "disk");

  constructor(kind: FileSystem, megabytes: number) {
    mkdirSync(this.path);
    if (kind === "tmpfs") {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "none", this.path]);
      return;
    }
    const image = join(this.#place, "image");
    const type = kind === "quota" ? "btrfs" : kind;
    closeSync(openSync(image, "w"));
    truncateSync(image, (kind === "quota" ? LARGE_MB : megabytes) * 1024 * 1024);
    execFileSync(`mkfs.${type}`, ["-q", ...(type === "ext4" ? ["-m", "0"] : []), image]);
    execFileSync("mount", ["-o", "loop", image, this.path]);
    if (kind === "quota") {
      execFileSync("btrfs", ["quota", "enable", this.path]);
      execFileSync("btrfs", ["qgroup", "limit", `${megabytes}M`, this.path]);
    }
  }

  /** What can still be written. */
  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize;
  }

  /**
   * Writes until not a byte more fits, as another program would; also into what the file system itself frees late, of what was
   * removed before. What anybody removes afterwards is room again: fill it before there is something that will be removed.
   */
  fill(): void {
    const file = openSync(join(this.path, "filler"), "a");
    while (fillNow(file)) isDone(() => fsyncSync(file));
    closeSync(file);
  }

  /** Takes away what {@link SmallDisk.fill} wrote. */
  free(): void {
    rmSync(join(this.path, "filler"), { force: true });
  }

  [Symbol.dispose](): void {
    execFileSync("umount", ["--lazy", this.path]);
    rmSync(this.#place, { recursive: true, force: true });
  }
}

/** @returns whether there was room */
function fillNow(file: number): boolean {
  let wrote = false;
  for (const size of [1024 * 1024, 4096, 1]) {
    const bytes = Buffer.alloc(size, 7);
    while (isDone(() => writeSync(file, bytes))) wrote = true;
  }
  return wrote;
}

/** @returns false when there was no room for it */
function isDone(write: () => unknown): boolean {
  try {
    write();
    return true;
  } catch (error) {
    const { ENOSPC, EDQUOT } = constants.errno;
    if ([ENOSPC, EDQUOT].includes(-((error as NodeJS.ErrnoException).errno ?? 0))) return false;
    throw error;
  }
}
