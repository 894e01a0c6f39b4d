import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { ContextSourceError } from "./errors.ts";

/** SHA-256 of a file's bytes, lower-case hex. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash, { signal });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ContextSourceError(path, "cannot be read", { code: "source_unreadable", cause });
  }
  return hash.digest("hex");
}
