import type { Readable } from "node:stream";

/** One entry of a build context, with a way to its bytes. */
export type UploadEntry = UploadFile | UploadFolder;

/** A file: `open` is called only when the service lacks its bytes, and again for every try. */
export interface UploadFile {
  type: "file";
  /** Path in the context that the build sees. */
  path: string;
  /** Permission bits, octal: `0644`. */
  mode: string;
  sizeBytes: number;
  sha256: string;
  /** Ask for a fresh upload even if the service has these bytes. */
  forceUpload?: boolean;
  open: (signal: AbortSignal | undefined) => Readable | Uint8Array;
  /** Reads this file and others of the same function in one go, where that is quicker than one by one. */
  readTogether?: ReadTogether;
}

/** Contents of files that share this function, in the order given. */
export type ReadTogether = (files: readonly UploadFile[], signal: AbortSignal | undefined) => Promise<Uint8Array[]>;

/** A folder. */
export interface UploadFolder {
  type: "dir";
  path: string;
  mode: string;
}
