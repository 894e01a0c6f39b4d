import { InvalidRequestError } from "../errors.ts";
import { MAX_CONTEXT_ENTRIES } from "./blob-limits.ts";

/** What is wrong with an upload; the stable member `details.reason` of the failure. */
export type UploadProblem =
  | "too_many_entries"
  | "file_too_large"
  | "context_too_large"
  | "inline_too_large"
  | "batch_too_large"
  | "unknown_blob"
  | "blob_not_uploaded"
  | "size_mismatch"
  | "digest_mismatch"
  | "truncated"
  | "duplicate_path"
  | "path_conflict"
  | "conflicting_sizes";

/** 400 `file_upload_error`: something that the user can put right about the files of a build. */
export function uploadError(
  phase: "preflight" | "blob_upload",
  reason: UploadProblem,
  message: string,
  suggestedAction: string,
  facts: Record<string, unknown> = {},
): InvalidRequestError {
  return new InvalidRequestError(message, {
    code: "file_upload_error",
    suggestedAction,
    detail: {
      code: "file_upload_error",
      message,
      phase,
      retryable: false,
      suggested_action: suggestedAction,
      details: { reason, ...facts },
    },
  });
}

/** A context of too many files and folders. */
export function tooManyEntries(entries: number): InvalidRequestError {
  return uploadError(
    "preflight",
    "too_many_entries",
    `The build context has ${entries} entries; the most is ${MAX_CONTEXT_ENTRIES}.`,
    "Leave files out of the context, for example with a .dockerignore file.",
    { entries, limit: MAX_CONTEXT_ENTRIES },
  );
}
