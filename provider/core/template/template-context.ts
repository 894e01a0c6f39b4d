import { isAbsolute, resolve } from "node:path";
import {
  readContext,
  SERVICE_CONTEXT_LIMITS,
  userStatCache,
  type BuildContext,
  type ContextOptions,
  type UnsupportedEntry,
} from "../../../sdk/context/index.ts";
import { withNamedImages } from "../../../sdk/dockerfile/with-named-images.ts";
import { NullspaceError } from "../../../sdk/errors.ts";
import { NamedContextError } from "../../errors.ts";
import { kindOf } from "../kind-of.ts";
import type { CheckFailure } from "../properties.ts";
import { formatPropertyPath } from "../property-path.ts";
import { contextPath } from "./context-path.ts";
import type { TemplateInputs } from "./inputs.ts";
import { sourceKind } from "./source-kind.ts";
import { copySourcesOf, type CopySource } from "./step-input.ts";

/** Inputs that say where the build context is, and what of it the build sees. */
export type ContextInputs = Pick<
  TemplateInputs,
  | "context"
  | "dockerfile"
  | "dockerfileContent"
  | "ignoreSyntax"
  | "ignorePatterns"
  | "symlinks"
  | "image"
  | "fromTemplate"
  | "steps"
> & {
  /** In a preview, what is unknown of them is not text. */
  contexts?: Readonly<Record<string, unknown>> | undefined;
};

/** The files of this machine that a build sees. */
export interface TemplateFiles {
  hash: string;
  /** Short digests by path, for people. */
  manifest: Readonly<Record<string, string>>;
  /** Links that are left out, sorted. */
  skippedLinks: readonly string[];
  /** Sockets, FIFOs and devices, which are left out, sorted. */
  unsupported: readonly UnsupportedEntry[];
  /** Absent when the build sees no files. */
  context?: BuildContext;
  /** Text of the Dockerfile, the named contexts in it. Absent when there is none. */
  dockerfile?: string;
}

/** Stands for the hash where a build sees no files. */
const NO_FILES: TemplateFiles = { hash: "none", manifest: {}, skippedLinks: [], unsupported: [] };

/**
 * Reads the files of this machine that the build sees: the build context of a Dockerfile, else what the steps copy. Paths
 * start at `cwd`.
 */
export async function readTemplateFiles(
  inputs: ContextInputs,
  cwd: string,
  signal?: AbortSignal,
): Promise<TemplateFiles> {
  if (!seesFiles(inputs)) return NO_FILES;
  const folder = await userStatCache();
  const options = {
    ...contextOptions(inputs, cwd),
    statCache: folder === undefined || { folder },
    ...(signal === undefined ? {} : { signal }),
  };
  const context = await readContext(options);
  const { hash, manifest, skippedLinks, unsupported, dockerfile } = context;
  return {
    ...{ hash, manifest, skippedLinks, unsupported, context },
    ...(dockerfile !== undefined && { dockerfile: writeImages(dockerfile.content, inputs) }),
  };
}

/** The same for inputs by which `readTemplateFiles` reads the same files. */
export function contextKey(inputs: ContextInputs, cwd: string): string {
  return seesFiles(inputs) ? JSON.stringify([contextOptions(inputs, cwd), imagesOf(inputs)]) : "none";
}

/** @throws NamedContextError */
function writeImages(dockerfile: string, inputs: ContextInputs): string {
  const written = withNamedImages(dockerfile, imagesOf(inputs));
  if (typeof written === "string") return written;
  throw new NamedContextError(written.context, written.reason);
}

/** Of an image that is unknown the name alone counts: only a preview has such. */
function imagesOf({ contexts = {} }: ContextInputs): Record<string, string> {
  return Object.fromEntries(
    Object.entries(contexts ?? {}).map(([name, image]) => [name, typeof image === "string" ? image : ""]),
  );
}

function seesFiles(inputs: ContextInputs): boolean {
  return sourceKind(inputs) === "dockerfile" || copySourcesOf(inputs.steps ?? []).length > 0;
}

function contextOptions(inputs: ContextInputs, cwd: string): ContextOptions {
  return {
    dir: resolve(cwd, inputs.context),
    ignoreSyntax: inputs.ignoreSyntax,
    symlinks: inputs.symlinks,
    limits: SERVICE_CONTEXT_LIMITS,
    ...(inputs.ignorePatterns === undefined ? {} : { ignorePatterns: inputs.ignorePatterns }),
    ...dockerfileOf(inputs),
  };
}

function dockerfileOf(inputs: ContextInputs): Pick<ContextOptions, "dockerfile" | "dockerfileContent" | "sources"> {
  if (sourceKind(inputs) !== "dockerfile") return { dockerfile: false, sources: copiedPaths(inputs) };
  if (inputs.dockerfileContent !== undefined) return { dockerfileContent: inputs.dockerfileContent };
  return { dockerfile: inputs.dockerfile ?? "Dockerfile" };
}

/** What the steps copy, as paths of the context. */
export function copiedPaths({ steps = [] }: Pick<ContextInputs, "steps">): string[] {
  return [...new Set(copySourcesOf(steps).map(({ source }) => contextPath(source)))];
}

/** What is missing on the disk, said before the walk so that it names the input to change. */
export async function findMissingFiles(inputs: ContextInputs, cwd: string): Promise<CheckFailure[]> {
  const isDockerfile = sourceKind(inputs) === "dockerfile";
  const copies = isDockerfile ? [] : copySourcesOf(inputs.steps ?? []);
  if (!isDockerfile && copies.length === 0) return [];
  const folder = resolve(cwd, inputs.context);
  const kind = await kindOf(folder);
  if (kind !== "folder") {
    const reason = kind === "none" ? `there is no folder ${folder}` : `${folder} is not a folder`;
    return [{ property: "context", reason: `${reason}: the path is relative to the program's folder, ${cwd}` }];
  }
  const missing = await Promise.all(copies.map((copy) => problemOfCopy(copy, folder)));
  if (!isDockerfile) return missing.filter((failure) => failure !== undefined);
  if (inputs.dockerfileContent !== undefined) return [];
  const dockerfile = resolve(folder, inputs.dockerfile ?? "Dockerfile");
  if ((await kindOf(dockerfile)) === "file") return [];
  return [
    {
      property: "dockerfile",
      reason:
        `no Dockerfile at ${dockerfile}: create it, or set dockerfile to its path (relative to the context), ` +
        `or give the text as dockerfileContent; to build on an image without a Dockerfile, give image`,
    },
  ];
}

async function problemOfCopy({ source, path }: CopySource, folder: string): Promise<CheckFailure | undefined> {
  const property = formatPropertyPath(path);
  const inner = contextPath(source);
  if (isAbsolute(source) || inner === ".." || inner.startsWith("../")) {
    const reason = `${source} is outside of the context, ${folder}: only files inside of it are copied; set context to a folder that holds them all`;
    return { property, reason };
  }
  if ((await kindOf(resolve(folder, inner))) !== "none") return undefined;
  return { property, reason: `there is no ${source} in the context, ${folder}` };
}

/**
 * A failed walk as the failure of an input.
 *
 * @throws the error itself when it is not about the files
 */
export function toCheckFailure(error: unknown): CheckFailure {
  if (!(error instanceof NullspaceError)) throw error;
  if (error instanceof NamedContextError)
    return { property: formatPropertyPath(["contexts", error.context]), reason: error.message };
  if (/dockerfile/.test(error.code)) return { property: "dockerfile", reason: error.message };
  if (/ignore|pattern/.test(error.code)) return { property: "ignorePatterns", reason: error.message };
  if (/^source_/.test(error.code)) return { property: "steps", reason: error.message };
  if (/symlink/.test(error.code)) return { property: "symlinks", reason: error.message };
  return { property: "context", reason: error.message };
}
