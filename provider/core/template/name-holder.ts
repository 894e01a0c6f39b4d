import type { NullspaceClient } from "../../../sdk/client/index.ts";
import { orGone } from "../service-errors.ts";

/** Template that has the name; undefined when there is none. One without a good build is found by its history. */
export async function holderOf(client: NullspaceClient, ref: string, signal: AbortSignal): Promise<string | undefined> {
  const info = await orGone(client.templates.get(ref, { signal }));
  if (info !== undefined) return info.canonical_ref || ref;
  const [build] = (await orGone(client.builds.list(ref, { limit: 1 }, { signal })))?.builds ?? [];
  return build === undefined
    ? undefined
    : (await orGone(client.builds.get(build.build_id, { signal })))?.build.canonical_ref;
}
