import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCE = fileURLToPath(new URL("only-what-is-synced.c", import.meta.url));

/** A folder of whose content a loss of power leaves only what was synced. */
export class ForgetfulDisk {
  readonly #folder: string;
  readonly #kept: string;
  /** Variables for the process that writes to the folder. */
  readonly env: Record<string, string>;

  /** @param folder that the process is to use @param scratch a folder for this alone */
  constructor(folder: string, scratch: string) {
    this.#folder = folder;
    this.#kept = join(scratch, "kept");
    mkdirSync(this.#kept);
    const library = join(scratch, "only-what-is-synced.so");
    execFileSync("gcc", ["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, SOURCE]);
    this.env = { LD_PRELOAD: library, FORGET_ROOT: folder, FORGET_KEPT: this.#kept };
  }

  /** Makes the folder as it is found when the power is back. */
  restoreTo(target: string): void {
    mkdirSync(target, { mode: 0o700 });
    this.#restore(statSync(this.#folder).ino, target);
  }

  #restore(inode: number, target: string): void {
    const list = join(this.#kept, `folder-${inode}`);
    if (!existsSync(list)) return;
    for (const line of readFileSync(list, "utf8").split("\n").slice(0, -1)) {
      const [, kind, entry, name] = /^([df]) (\d+) (.*)$/.exec(line)!;
      const path = join(target, name!);
      const bytes = join(this.#kept, `file-${entry}`);
      if (kind === "d") {
        mkdirSync(path, { mode: 0o700 });
        this.#restore(Number(entry), path);
      } else if (existsSync(bytes)) copyFileSync(bytes, path);
      else writeFileSync(path, "");
    }
  }
}
