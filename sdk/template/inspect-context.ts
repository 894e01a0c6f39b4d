import { posix } from "node:path";
import { options as optionsOf, signal as abortSignal } from "../arguments/index.ts";
import type { CreateTemplateRequest } from "../wire/create-template.ts";
import { check } from "./argument-checks.ts";
import { collectContext } from "./collect-context.ts";
import type { LeftOut, LocalEntry } from "./collect-files.ts";
import { createRequest, RENAMED_SIZES, REQUEST_MEMBERS, type RequestOptions } from "./create-request.ts";
import { DEFINITION, type TemplateDefinition } from "./definition.ts";
import { hashFiles } from "./hash-file.ts";

const INSPECT_OPTIONS = optionsOf<RequestOptions & { signal: unknown }>(
  { ...REQUEST_MEMBERS, signal: abortSignal },
  RENAMED_SIZES,
);
const LARGEST = 10;
const BULKY = new Set([
  ".git",
  ".hg",
  ".svn",
  ".venv",
  "venv",
  "node_modules",
  ".local",
  "dist",
  "build",
  "target",
  ".cache",
  "__pycache__",
]);
const SECRET_NAMES = new Set([".env", ".env.local", ".envrc", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"]);
const SECRET_ENDINGS = [".pem", ".key", ".p12", ".pfx"];

/** Something in the context that probably should not be there. */
export interface ContextWarning {
  path: string;
  reason: "likely_accidental_include" | "likely_secret_file";
  message: string;
}

/** What a build would send, made without a request. Lists are sorted by path. */
export interface ContextInspection {
  /** The request, files without their bytes. */
  request: CreateTemplateRequest;
  context: {
    totalBytes: number;
    fileCount: number;
    directoryCount: number;
    ignoredCount: number;
    unsupportedCount: number;
    /** The ten largest, largest first. */
    largestFiles: { path: string; sizeBytes: number }[];
    warnings: ContextWarning[];
    /** Links and special files: fatal in a build. */
    unsupportedEntries: LeftOut[];
    ignoredEntries: LeftOut[];
    files: { path: string; mode: string; sizeBytes: number; sha256: string }[];
    directories: { path: string; mode: string }[];
  };
}

/**
 * Reports what a build would send, and what it would leave out.
 *
 * @example
 * ```ts
 * const { context } = await inspectContext({
 *   base: { kind: "image", image: "nginx:1.29" },
 *   steps: [{ step: { action: "copy", sources: ["site"], dst: "/srv/" }, addedAt: undefined }],
 *   fileContext: { root: "/home/me/app", ignorePatterns: [] },
 *   buildEnvs: {},
 *   runtimeEnvs: {},
 *   buildSecrets: [],
 * });
 * for (const { path, message } of context.warnings) console.warn(path, message);
 * ```
 */
export async function inspectContext(
  definition: TemplateDefinition,
  options: RequestOptions & { signal?: AbortSignal | undefined } = {},
): Promise<ContextInspection> {
  check("inspectContext", { definition: DEFINITION, options: INSPECT_OPTIONS }, { definition, options });
  const { signal, ...named } = options;
  const ignored: LeftOut[] = [];
  const unsupported: LeftOut[] = [];
  const collected = collectContext(definition, {
    onIgnored: (entry) => ignored.push(entry),
    onUnsupported: (entry) => unsupported.push(entry),
  });
  const request = createRequest(definition, named, "outline", collected);
  const local = collected.entries.filter(({ type }) => type === "file");
  const digests = await hashFiles(local, signal);
  const files = local.map(({ path, mode, sizeBytes }, index) => ({ path, mode, sizeBytes, sha256: digests[index]! }));
  files.sort(byPath);
  const directories = collected.entries.filter(({ type }) => type === "dir").map(({ path, mode }) => ({ path, mode }));
  return {
    request,
    context: {
      totalBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      fileCount: files.length,
      directoryCount: directories.length,
      ignoredCount: ignored.length,
      unsupportedCount: unsupported.length,
      largestFiles: [...files]
        .sort((a, b) => b.sizeBytes - a.sizeBytes || byPath(a, b))
        .slice(0, LARGEST)
        .map(({ path, sizeBytes }) => ({ path, sizeBytes })),
      warnings: collected.entries.flatMap(warningsOf).sort(byPath),
      unsupportedEntries: unsupported.sort(byPath),
      ignoredEntries: ignored.sort(byPath),
      files,
      directories: directories.sort(byPath),
    },
  };
}

function warningsOf({ type, path, fsPath }: LocalEntry): ContextWarning[] {
  const name = posix.basename(fsPath);
  const lower = name.toLowerCase();
  if (type === "dir" && BULKY.has(lower)) {
    return [
      { path, reason: "likely_accidental_include", message: `'${name}' is commonly excluded from build contexts` },
    ];
  }
  const secret =
    SECRET_NAMES.has(lower) || lower.startsWith(".env.") || SECRET_ENDINGS.some((end) => lower.endsWith(end));
  if (type !== "file" || !secret) return [];
  return [{ path, reason: "likely_secret_file", message: `'${name}' looks like a secret or credential file` }];
}

function byPath(a: { path: string }, b: { path: string }): number {
  return Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));
}
