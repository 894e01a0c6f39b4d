import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, truncateSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A kind of file system that a full disk is tried on. The blocks of a small ext4 are smaller than a page of memory. */
export type FileSystem = "tmpfs" | "ext4" | "btrfs";

/** A small file system of its own, which can be filled to the brim. Needs root. */
export class SmallDisk implements Disposable {
  readonly #place = mkdtempSync(join(tmpdir(), "nullspace-disk-"));
  /** Where it is mounted. */
  readonly path = join(this.#place, "disk");

  constructor(kind: FileSystem, megabytes: number) {
    mkdirSync(this.path);
    if (kind === "tmpfs") {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "none", this.path]);
    } else {
      const image = join(this.#place, "image");
      closeSync(openSync(image, "w"));
      truncateSync(image, megabytes * 1024 * 1024);
      execFileSync(`mkfs.${kind}`, ["-q", ...(kind === "ext4" ? ["-m", "0"] : []), image]);
      execFileSync("mount", ["-o", "loop", image, this.path]);
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
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") return false;
    throw error;
  }
}
