import { chmodSync, closeSync, constants, mkdirSync, mkdtempSync, openSync, symlinkSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/** A folder that is gone when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "nullspace-context-"));
  // Node 22's own removal stops at paths that are longer than a call takes.
  onTestFinished(() => void execFileSync("rm", ["-rf", "--", folder]));
  return folder;
}

/**
 * What a tree holds: text is a file's content, `{ link }` a symbolic link, `{ exec }` an executable file's content. A path
 * with a slash at its end is an empty directory.
 */
export type TreeSpec = Readonly<Record<string, string | Buffer | { link: string } | { exec: string }>>;

/** Writes a file again, and never through a link of that name: it may lead to a file of this machine. */
function write(path: string, content: string | Buffer): void {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  const file = openSync(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
  try {
    writeFileSync(file, content);
  } finally {
    closeSync(file);
  }
}

/** Makes the tree under `root`. */
export function plant(root: string, spec: TreeSpec): string {
  for (const [path, content] of Object.entries(spec)) {
    const full = join(root, path);
    mkdirSync(path.endsWith("/") ? full : dirname(full), { recursive: true });
    if (path.endsWith("/")) continue;
    if (typeof content === "string" || Buffer.isBuffer(content)) write(full, content);
    else if ("link" in content) symlinkSync(content.link, full);
    else {
      write(full, content.exec);
      chmodSync(full, 0o755);
    }
  }
  return root;
}

/** A new tree in a folder of its own. */
export function tree(spec: TreeSpec): string {
  return plant(temporaryFolder(), spec);
}
