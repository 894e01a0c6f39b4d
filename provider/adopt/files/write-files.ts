import { lstat, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { FilesExistError } from "../../errors.ts";

/**
 * Writes files into a folder, which is made where it is missing: all of them, or none when one is there already.
 *
 * @param files name -> content
 * @param options.force replace what is there
 * @returns the paths, in the order of `files`
 * @throws FilesExistError
 */
export async function writeFiles(
  folder: string,
  files: Readonly<Record<string, string>>,
  { force }: { force: boolean },
): Promise<string[]> {
  const all = Object.entries(files).map(([name, content]) => ({ path: join(folder, name), content }));
  if (!force) {
    const there = await Promise.all(all.map(({ path }) => exists(path)));
    const taken = all.filter((_, index) => there[index]).map(({ path }) => path);
    if (taken.length > 0) throw new FilesExistError(taken);
  }
  await mkdir(folder, { recursive: true });
  for (const { path, content } of all) await (force ? replaceFile(path, content) : createFile(path, content));
  return all.map(({ path }) => path);
}

/** A link counts as a file, wherever it leads. */
async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

async function createFile(path: string, content: string): Promise<void> {
  try {
    await writeFile(path, content, { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw new FilesExistError([path]);
    throw error;
  }
}

/** In one step, and the file itself: what a link leads to stays as it is. */
async function replaceFile(path: string, content: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, content, { flag: "wx" });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
