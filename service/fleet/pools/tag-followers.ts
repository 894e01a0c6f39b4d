import { parseTemplateRef } from "pulumi-nullspace/wire";
import type { Database } from "../../store/database.ts";
import type { Followed, TagFollower } from "../../store/tag-follower.ts";
import { PoolStore } from "../../store/warm-pools.ts";
import { followedRef } from "./pool-target.ts";

/** The pools that follow it, and are not deleted: without the tag they could never be filled again. */
export function poolTagFollowers(db: Database, followed: Followed): TagFollower[] {
  const pools = new PoolStore(db);
  const found = "tags" in followed ? pools.followingTags(followed.tags) : pools.followingName(followed.name);
  return found.flatMap((pool): TagFollower[] => {
    const ref = parseTemplateRef(followedRef(pool));
    if (ref.kind !== "name" || ref.tag === undefined) return [];
    const { name, tag, namespace } = ref;
    return [
      { kind: "warm_pool", id: pool.poolId, label: `warm pool "${pool.name}" (${pool.poolId})`, namespace, name, tag },
    ];
  });
}
