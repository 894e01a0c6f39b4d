import type { EntryTable } from "../table/entry-table.ts";
import type { TarJob } from "../tar/tar-job.ts";
import type { Control } from "../walk/control.ts";
import type { ReadJob } from "../walk/job.ts";
import type { ReadResult } from "../walk/read-tree.ts";
import type { ThreadError } from "./thread-error.ts";

/** What a thread can be asked to do. */
export type Task =
  | { readonly type: "read"; readonly job: ReadJob; readonly control: Control; readonly previous?: EntryTable }
  | {
      readonly type: "help";
      readonly job: ReadJob;
      readonly control: Control;
      readonly previous?: EntryTable;
      readonly table: EntryTable;
    }
  | { readonly type: "pack"; readonly job: TarJob };

/** What a thread says while it works. `finished` is always the last word; the thread is free then. */
export type Answer =
  | { readonly type: "table"; readonly table: EntryTable }
  | { readonly type: "done"; readonly result: ReadResult }
  | { readonly type: "piece"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: "end" }
  | { readonly type: "failed"; readonly error: ThreadError }
  | { readonly type: "finished" };
