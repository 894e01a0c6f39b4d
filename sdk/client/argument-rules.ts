import {
  amount,
  anyText,
  like,
  listOf,
  oneOf,
  options,
  secretText,
  signal,
  text,
  whole,
  type Members,
} from "../arguments/index.ts";
import type { BuildListQuery } from "../wire/build.ts";
import type { MachineListQuery } from "../wire/machine.ts";
import type { TagMoveQuery } from "../wire/tag-move.ts";
import type { WarmPoolListQuery } from "../wire/warm-pool.ts";
import type { CallOptions } from "./call-options.ts";

/** Options of every call of the service. */
export const CALL_MEMBERS: Members<CallOptions> = { signal, timeoutMs: amount };
export const CALL = options<CallOptions>(CALL_MEMBERS);

/** Which members of the answer are wanted; which there are, the service knows. */
export const FIELDS_MEMBER = { fields: listOf(anyText, "names of members") };
export const CALL_WITH_FIELDS = options<CallOptions & { fields: unknown }>({ ...CALL_MEMBERS, ...FIELDS_MEMBER });

/** A client, of this copy of the package or of another one. */
export const CLIENT = like("a NullspaceClient", ({ templates, blobs }) => isApi(templates) && isApi(blobs));

/** How an object reaches the service. */
export const CONNECTION_MEMBERS = { client: CLIENT, apiKey: secretText, baseUrl: anyText, timeoutMs: amount };

export const VISIBILITY = oneOf("private", "public");

const limit = whole(1);

// Query strings: what their values may be is the service's to say, so that a newer one may take more.
export const BUILD_LIST_QUERY = options<BuildListQuery>({
  status: text,
  backend: text,
  source_type: text,
  limit,
  cursor: text,
});
export const TAG_MOVE_QUERY = options<TagMoveQuery>({ tag: { ...text, isRequired: true }, limit, cursor: text });
export const MACHINE_LIST_QUERY = options<MachineListQuery>({
  state: text,
  template: text,
  metadata: text,
  limit,
  next_token: text,
});
export const WARM_POOL_LIST_QUERY = options<WarmPoolListQuery>({
  template: text,
  state: text,
  status: text,
  label: listOf(text, "texts"),
  limit,
});

function isApi(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
