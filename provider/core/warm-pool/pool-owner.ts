import type { WarmPool } from "../../../sdk/wire/index.ts";
import { isMark, type Mark } from "../ownership/mark.ts";
import { isRecord } from "../unknown.ts";
import { OWNER_KEY } from "./inputs.ts";

/** Metadata of a pool with the note whose it is. */
export function withOwner(metadata: Record<string, unknown> | undefined, mark: Mark): Record<string, unknown> {
  return { ...metadata, [OWNER_KEY]: { mark } };
}

/** Metadata of a pool as its program gave it. */
export function withoutOwner({ [OWNER_KEY]: _owner, ...metadata }: Record<string, unknown>): Record<string, unknown> {
  return metadata;
}

/** Whose the pool is; undefined when no Pulumi resource has made it. */
export function ownerOfPool({ metadata }: Pick<WarmPool, "metadata">): Mark | undefined {
  const note = metadata[OWNER_KEY];
  return isRecord(note) && isMark(note.mark) ? note.mark : undefined;
}
