import { ContextError, type ContextErrorCode, ContextLimitError, type DirectoryWeight } from "../errors.ts";

/** An error on its way between threads: classes do not survive the journey. */
export interface ThreadError {
  readonly code?: ContextErrorCode;
  readonly message: string;
  readonly path?: string;
  readonly limit?: number;
  readonly largest?: readonly DirectoryWeight[];
  readonly stack?: string;
}

export function toThreadError(error: unknown): ThreadError {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message, stack } = error;
  if (!(error instanceof ContextError)) return { message, stack };
  const { code, path } = error;
  if (!(error instanceof ContextLimitError)) return { code, message, path };
  return { code, message, path, limit: error.limit, largest: error.largest };
}

export function fromThreadError(error: ThreadError): Error {
  const { code, message, path, limit, largest } = error;
  if (code === undefined) return new Error(message, { cause: error.stack });
  if (code === "too_many_files" || code === "context_too_large" || code === "file_too_large") {
    return new ContextLimitError(code, message, { path, limit: limit ?? 0, largest: largest ?? [] });
  }
  return new ContextError(code, message, { path });
}
