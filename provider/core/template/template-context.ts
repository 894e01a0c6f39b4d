import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import {
  readContext,
  SERVICE_CONTEXT_LIMITS,
  type BuildContext,
  type ContextOptions,
} from "../../../sdk/context/index.ts";
import { NullspaceError } from "../../../sdk/errors.ts";
import type { CheckFailure } from "../properties.ts";
import type { TemplateInputs } from "./inputs.ts";

/** Inputs that say where the build context is. */
export type ContextInputs = Pick<
  TemplateInputs,
  "context" | "dockerfile" | "dockerfileContent" | "ignoreSyntax" | "ignorePatterns" | "symlinks"
>;

/** Reads the build context that the inputs mean. Paths start at `cwd`. */
export function readTemplateContext(inputs: ContextInputs, cwd: string, signal?: AbortSignal): Promise<BuildContext> {
  const options: ContextOptions = {
    dir: resolve(cwd, inputs.context),
    ignoreSyntax: inputs.ignoreSyntax,
    symlinks: inputs.symlinks,
    limits: SERVICE_CONTEXT_LIMITS,
    ...(inputs.ignorePatterns === undefined ? {} : { ignorePatterns: inputs.ignorePatterns }),
    ...(inputs.dockerfileContent === undefined
      ? { dockerfile: inputs.dockerfile ?? "Dockerfile" }
      : { dockerfileContent: inputs.dockerfileContent }),
    ...(signal === undefined ? {} : { signal }),
  };
  return readContext(options);
}

/** What is missing on the disk, said before the walk so that it names the input to change. */
export async function findMissingFiles(inputs: ContextInputs, cwd: string): Promise<CheckFailure[]> {
  const folder = resolve(cwd, inputs.context);
  const kind = await kindOf(folder);
  if (kind !== "folder") {
    const reason = kind === "none" ? `there is no folder ${folder}` : `${folder} is not a folder`;
    return [{ property: "context", reason: `${reason}: the path is relative to the program's folder, ${cwd}` }];
  }
  if (inputs.dockerfileContent !== undefined) return [];
  const dockerfile = resolve(folder, inputs.dockerfile ?? "Dockerfile");
  if ((await kindOf(dockerfile)) === "file") return [];
  return [
    {
      property: "dockerfile",
      reason:
        `no Dockerfile at ${dockerfile}: create it, or set dockerfile to its path (relative to the context), ` +
        `or give the text as dockerfileContent`,
    },
  ];
}

/**
 * A failed walk as the failure of an input.
 *
 * @throws the error itself when it is not about the files
 */
export function toCheckFailure(error: unknown): CheckFailure {
  if (!(error instanceof NullspaceError)) throw error;
  if (/dockerfile/.test(error.code)) return { property: "dockerfile", reason: error.message };
  if (/ignore|pattern/.test(error.code)) return { property: "ignorePatterns", reason: error.message };
  if (/symlink/.test(error.code)) return { property: "symlinks", reason: error.message };
  return { property: "context", reason: error.message };
}

async function kindOf(path: string): Promise<"file" | "folder" | "none"> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return "none";
    throw error;
  }
}
