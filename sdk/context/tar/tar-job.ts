import type { FileTree } from "../walk/read-file.ts";

/** What the packing thread is started with. */
export interface TarJob extends FileTree {
  /** A Dockerfile that is not in the context, and the name that it is given. */
  readonly outsideDockerfile?: { readonly path: string; readonly content: string };
  /**
   * Dockerfile that no `COPY` may see, which the `.dockerignore` of the tar has to name: a builder that takes the tar
   * reads no other ignore file.
   */
  readonly hides: readonly string[];
  /** Index of the ignore file beside the Dockerfile where no `COPY` may see it: it has no reader in a tar. */
  readonly omitted: number;
  /** One number: how many pieces the thread may still send. It waits while there are none. */
  readonly credit: Int32Array;
}
