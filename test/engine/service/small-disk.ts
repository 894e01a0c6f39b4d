import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, truncateSync, writeSync } from "node:fs";
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

  /** Writes until not a byte more fits, as another program would. */
  fill(): void {
    const file = openSync(join(this.path, "filler"), "a");
    for (const size of [1024 * 1024, 4096, 1]) while (hasRoomFor(file, Buffer.alloc(size, 7)));
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

function hasRoomFor(file: number, bytes: Uint8Array): boolean {
  try {
    return writeSync(file, bytes) > 0;
  } catch (error) {
    const { ENOSPC, EDQUOT } = constants.errno;
    if ([ENOSPC, EDQUOT].includes(-((error as NodeJS.ErrnoException).errno ?? 0))) return false;
    throw error;
  }
}
