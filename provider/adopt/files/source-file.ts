import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { kindOf } from "../../core/kind-of.ts";
import { SourceFileError } from "../../errors.ts";
import { readE2bConfig, type E2bConfig } from "./e2b-config.ts";

/** What the files of a template say. */
export interface SourceFile {
  /** Folder of the build context, absolute. */
  folder: string;
  /** The Dockerfile, absolute, and its text. */
  dockerfile: string;
  dockerfileText: string;
  /** What an `e2b.toml` says; absent for a Dockerfile alone. */
  e2b?: E2bConfig;
}

const CONFIG = "e2b.toml";
/** Where E2B's command line looks, in this order. */
const DOCKERFILES = ["e2b.Dockerfile", "Dockerfile"];

/**
 * Reads an `e2b.toml` and its Dockerfile, or a Dockerfile alone.
 *
 * @param path of the file, or of a folder that has one of these
 * @throws SourceFileError when there is none, or one that cannot be used
 */
export async function readSourceFile(path: string): Promise<SourceFile> {
  const file = await fileAt(path);
  const folder = resolve(dirname(file));
  if (!file.endsWith(".toml")) {
    return { folder, dockerfile: resolve(file), dockerfileText: await readText(file) };
  }
  const e2b = readE2bConfig(await readText(file), file);
  const dockerfile =
    e2b.dockerfile === undefined ? await firstOf(folder, DOCKERFILES) : resolve(folder, e2b.dockerfile);
  if (dockerfile === undefined) {
    throw new SourceFileError(
      file,
      `it names no dockerfile, and beside it there is no ${DOCKERFILES.join(" and no ")}`,
    );
  }
  return { folder, dockerfile, dockerfileText: await readText(dockerfile), e2b };
}

async function fileAt(path: string): Promise<string> {
  if ((await kindOf(path)) !== "folder") return path;
  const found = await firstOf(path, [CONFIG, ...DOCKERFILES]);
  if (found === undefined) throw new SourceFileError(path, `there is no ${[CONFIG, ...DOCKERFILES].join(", ")} in it`);
  return found;
}

async function firstOf(folder: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) if ((await kindOf(join(folder, name))) === "file") return join(folder, name);
  return undefined;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const { code = "an error" } = cause as NodeJS.ErrnoException;
    const problem = code === "ENOENT" ? "there is no such file" : `it cannot be read (${code})`;
    throw new SourceFileError(file, problem, cause);
  }
}

/** The name that the files give the template, before it is made one that the service takes. */
export function givenName({ e2b, folder }: SourceFile): string {
  return e2b?.template_name ?? e2b?.template_id ?? basename(folder);
}
