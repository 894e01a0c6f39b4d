import type { NullspaceClient } from "../../../sdk/client/index.ts";
import type { Log } from "../operation-context.ts";
import type { Mark } from "../ownership/mark.ts";
import { isAliasOwner, readBuildTag } from "../ownership/owner-tags.ts";
import { orGone } from "../service-errors.ts";

export interface GoLiveOptions {
  /** Template, `namespace/name`. */
  ref: string;
  /** Build that goes live. */
  buildId: string;
  /** Tags that are to point at it. */
  wanted: readonly string[];
  /** Tags of this resource's last update that the inputs no longer name. */
  dropped: readonly string[];
  /** Builds of this resource: a tag on another build has been moved by someone else. */
  ours: ReadonlySet<string>;
  mark: Mark;
  /** Whether the marks of other resources on builds of the template are taken away: it is adopted from them. */
  adopts: boolean;
  signal: AbortSignal;
  log: Log;
}

/**
 * The last step of a create or update: points the wanted tags at the build, all at once, and takes away those that are
 * wanted no longer, unless someone else has moved them since. Until then a build is nobody's but the resource's.
 */
export async function goLive(client: NullspaceClient, options: GoLiveOptions): Promise<void> {
  const { ref, buildId, wanted, dropped, ours, mark, adopts, signal, log } = options;
  const tags = await client.templates.listTags(ref, { signal });
  const now = new Map(tags.map(({ tag, build_id }) => [tag, build_id]));
  for (const tag of wanted) {
    const found = now.get(tag);
    if (found === undefined || found === buildId || ours.has(found)) continue;
    log(
      "warning",
      `the tag ${tag} of ${ref} pointed at ${found}, which is no build of this resource: it is moved to ${buildId}`,
    );
  }
  // The owner tags of aliases go along, so that they keep no old build.
  const moving = [...wanted, ...tags.map(({ tag }) => tag).filter(isAliasOwner)].filter(
    (tag) => now.get(tag) !== buildId,
  );
  if (moving.length > 0) await client.builds.promote(buildId, { tags: [...new Set(moving)] }, { signal });

  const remove = (tag: string) => orGone(client.templates.removeTag(ref, tag, { signal }));
  for (const tag of dropped) {
    const target = now.get(tag);
    if (target !== undefined && (target === buildId || ours.has(target))) await remove(tag);
  }
  for (const [tag, target] of now) {
    const owner = readBuildTag(tag)?.mark;
    if (owner === undefined || (target === buildId && owner === mark)) continue;
    if (adopts || owner === mark || ours.has(target)) await remove(tag);
  }
}
