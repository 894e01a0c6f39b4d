import { hash } from "node:crypto";
import { closeSync, fstatSync, lstatSync, openSync, readSync } from "node:fs";

const buffer = Buffer.alloc(1024 * 1024);

/** What nothing spares a program on Node that looks at files, or digests them: calls whose results are thrown away. */
export const BARE_CALLS = {
  look(paths: readonly string[]): void {
    for (const path of paths) lstatSync(path);
  },
  digest(paths: readonly string[]): void {
    for (const path of paths) {
      const fd = openSync(path, "r");
      const size = readSync(fd, buffer, 0, buffer.length, 0);
      fstatSync(fd);
      hash("sha256", buffer.subarray(0, size), "binary");
      closeSync(fd);
    }
  },
};
