import { ContextError, type ContextErrorCode, ContextLimitError, type DirectoryWeight } from "../errors.ts";
import type { EntryTable } from "../table/entry-table.ts";
import type { Control } from "./control.ts";
import type { ReadJob } from "./job.ts";
import type { ReadResult } from "./read-tree.ts";

/** What a reading thread is started with. The leader walks and gets no table; a helper only digests. */
export interface ReadThreadData {
  readonly job: ReadJob;
  readonly control: Control;
  readonly previous?: EntryTable;
  readonly table?: EntryTable;
}

/** What a reading thread says. */
export type ReadThreadMessage =
  | { readonly type: "table"; readonly table: EntryTable }
  | { readonly type: "done"; readonly result: ReadResult }
  | { readonly type: "failed"; readonly error: ThreadError };

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
