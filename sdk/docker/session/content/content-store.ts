import type { BlobDraft } from "./blob-draft.ts";
import type { OciLayout } from "./oci-layout.ts";

/** A folder of blobs that a session offers. */
export interface ContentStore {
  readonly layout: OciLayout;
  /** Whether the builder may add blobs. */
  readonly isWritable: boolean;
  /** What is being written, by the builder's names. */
  readonly writes: Map<string, { draft: BlobDraft; total: number; expected: string }>;
  /** The blob that the builder wrote last, or found there when it was about to write it. */
  lastWritten: string | undefined;
}
