import type { EntryTable } from "../table/entry-table.ts";
import type { FoundFiles } from "./known-files.ts";

/** What the thread that walked shares with those that help it: the entries, and what is known of them. Shared memory. */
export interface WalkedShare {
  readonly table: EntryTable;
  readonly known?: FoundFiles;
}
