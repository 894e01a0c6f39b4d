import { ConflictError, type NullspaceClient } from "../../../sdk/client/index.ts";
import { explain } from "../explain.ts";
import type { OperationContext } from "../operation-context.ts";
import { orGone } from "../service-errors.ts";
import { ownBuilds } from "./build-history.ts";

/**
 * Deletes old good builds of the resource itself, beyond the newest `keep`. What a tag points at is kept, and what a pool or
 * machine uses. Whatever goes wrong here is said, and fails nothing: the next update tries again.
 *
 * @param live the build that has just gone live, which counts as the first
 */
export async function pruneBuilds(
  client: NullspaceClient,
  { ref, live, keep, signal }: { ref: string; live: string; keep: number; signal: AbortSignal },
  context: OperationContext,
): Promise<void> {
  const good = (await ownBuilds(client, ref, { context, signal }))
    .map(({ build }) => build)
    .filter(({ build_id, status, promotability }) => {
      return build_id !== live && status === "ready" && promotability?.promotable !== false;
    });
  for (const { build_id } of good.slice(keep - 1)) {
    // Asked for each one: a tag may have been moved to it a moment ago.
    const tags = await client.templates.listTags(ref, { signal });
    if (tags.some((tag) => tag.build_id === build_id)) continue;
    try {
      await orGone(client.templates.delete(`${ref}:${build_id}`, { signal }));
      context.log("info", `build ${build_id} is deleted: keepBuilds is ${keep}`);
    } catch (error) {
      if (signal.aborted) throw error;
      const severity = error instanceof ConflictError ? "info" : "warning";
      context.log(severity, `build ${build_id} is kept for now: ${explain(error)}`);
    }
  }
}
