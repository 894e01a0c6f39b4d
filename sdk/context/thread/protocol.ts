import type { MessagePort } from "node:worker_threads";
import type { TarJob } from "../tar/tar-job.ts";
import type { Control } from "../walk/control.ts";
import type { CheckedReading } from "../walk/earlier-reading.ts";
import type { ReadJob } from "../walk/job.ts";
import type { KnownFiles } from "../walk/known-files.ts";
import type { FileTree } from "../walk/read-file.ts";
import type { ReadResult } from "../walk/read-tree.ts";
import type { WalkedShare } from "../walk/walked-share.ts";
import type { ThreadError } from "./thread-error.ts";

/** What a thread can be asked to do. */
export type Task =
  | {
      readonly type: "read";
      readonly job: ReadJob;
      readonly control: Control;
      readonly known?: KnownFiles;
      /** To the helpers that look ahead: they are given what was walked. */
      readonly helpers: readonly MessagePort[];
      /** Whether there is a helper before the tree is walked. */
      readonly mayAskAhead: boolean;
    }
  /** Starts when the tree is walked. */
  | { readonly type: "help"; readonly job: ReadJob; readonly control: Control; readonly walked: WalkedShare }
  /** Starts at once with what is known from before, then helps with what was walked, which comes through `leader`. */
  | {
      readonly type: "look-ahead";
      readonly job: ReadJob;
      readonly control: Control;
      readonly known: KnownFiles;
      readonly leader: MessagePort;
    }
  /** Starts while the tree is walked, with the entries that come through `leader`. */
  | { readonly type: "help-ahead"; readonly job: ReadJob; readonly control: Control; readonly leader: MessagePort }
  /** Looks whether all is as an earlier reading saw it. */
  | { readonly type: "check"; readonly reading: CheckedReading; readonly job: ReadJob; readonly control: Control }
  | { readonly type: "pack"; readonly job: TarJob }
  | { readonly type: "fetch"; readonly tree: FileTree; readonly indices: readonly number[] };

/** What a thread says while it works. `finished` is always the last word; the thread is free then. */
export type Answer =
  /** A large tree is being walked: a helper is welcome, and is told through `leader` what there is to do. */
  | { readonly type: "ahead"; readonly leader: MessagePort }
  | { readonly type: "walked"; readonly walked: WalkedShare }
  | { readonly type: "done"; readonly result: ReadResult }
  | { readonly type: "piece"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: "end" }
  /** The files of a fetch, one after the other. */
  | { readonly type: "contents"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: "failed"; readonly error: ThreadError }
  | { readonly type: "finished" };
