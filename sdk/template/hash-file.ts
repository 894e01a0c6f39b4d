import { createHash, hash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { setImmediate } from "node:timers/promises";
import { amount, like, listOf, optional, signal as abortSignal } from "../arguments/index.ts";
import { check } from "./argument-checks.ts";
import { ContextSourceError } from "./errors.ts";

/** Up to this size a file is read at once: a stream costs more than the reading. */
const SMALL_BYTES = 1024 * 1024;
/** Longest stretch of reading at once before other work of the program, an abort too, gets its turn. */
const STRETCH_MS = 20;

const FILES = listOf(
  like(
    "an object with fsPath and sizeBytes",
    ({ fsPath, sizeBytes }) => typeof fsPath === "string" && amount.accepts(sizeBytes),
  ),
  "files",
);

/**
 * SHA-256 of each file's bytes, lower-case hex, in the order given.
 *
 * @example
 * ```ts
 * import { stat } from "node:fs/promises";
 *
 * const { size } = await stat("app/index.js");
 * const [sha256] = await hashFiles([{ fsPath: "app/index.js", sizeBytes: size }]);
 * ```
 */
export async function hashFiles(
  files: readonly { fsPath: string; sizeBytes: number }[],
  signal?: AbortSignal,
): Promise<string[]> {
  check("hashFiles", { files: FILES, signal: optional(abortSignal) }, { files, signal });
  const digests: string[] = [];
  let since = performance.now();
  for (const { fsPath, sizeBytes } of files) {
    if (performance.now() - since > STRETCH_MS) {
      await setImmediate();
      since = performance.now();
    }
    signal?.throwIfAborted();
    digests.push(sizeBytes <= SMALL_BYTES ? hashSmall(fsPath) : await hashLarge(fsPath, signal));
  }
  return digests;
}

function hashSmall(path: string): string {
  try {
    return hash("sha256", readFileSync(path), "hex");
  } catch (cause) {
    throw new ContextSourceError(path, "cannot be read", { code: "source_unreadable", cause });
  }
}

async function hashLarge(path: string, signal?: AbortSignal): Promise<string> {
  const sha256 = createHash("sha256");
  try {
    await pipeline(createReadStream(path), sha256, { signal });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ContextSourceError(path, "cannot be read", { code: "source_unreadable", cause });
  }
  return sha256.digest("hex");
}
