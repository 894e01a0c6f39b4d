import type { FileTree } from "../walk/read-file.ts";

/** What the packing thread is started with. */
export interface TarJob extends FileTree {
  /** A Dockerfile that is not in the context, and the name that it is given. */
  readonly outsideDockerfile?: { readonly path: string; readonly content: string };
  /** One number: how many pieces the thread may still send. It waits while there are none. */
  readonly credit: Int32Array;
}
