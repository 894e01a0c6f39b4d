import fc from "fast-check";
import { expect, it } from "vitest";
import { parseTemplateRef } from "../../../sdk/wire/index.ts";
import { NEW_POOL, settingsOf, timesOfNewPool } from "../../../service/fleet/pools/pool-settings.ts";
import { followedRef } from "../../../service/fleet/pools/pool-target.ts";
import { poolTagFollowers } from "../../../service/fleet/pools/tag-followers.ts";
import { Database } from "../../../service/store/database.ts";
import { PoolStore, type PoolRow } from "../../../service/store/warm-pools.ts";

const SIZE = { vcpus: 1, memory_mb: 64 };
const word = fc.constantFrom("web", "api", "v1", "stable", "a.b");
const pools = fc.array(
  fc.record({
    namespace: fc.constantFrom("", "local/", "other/"),
    name: word,
    tag: fc.option(word),
    trackTag: fc.option(word),
    versionPolicy: fc.constantFrom("pinned_build" as const, "track_tag" as const),
    state: fc.constantFrom("enabled" as const, "disabled" as const, "draining" as const, "deleted" as const),
  }),
  { maxLength: 12 },
);

function row(at: number, pool: Pick<PoolRow, "templateRef" | "trackTag" | "versionPolicy" | "state">): PoolRow {
  return {
    ...settingsOf({ name: `pool ${at}`, template_ref: "web:v1", min_ready: 0, max_ready: 1, resources: SIZE }),
    ...NEW_POOL,
    ...timesOfNewPool(at),
    ...pool,
    poolId: `twp_${at}`,
    resolvedTemplate: "local/web:tb_1",
    buildId: "tb_1",
    templateId: "tmpl_1",
    internetAccess: 1,
    placementKey: null,
    compatibilityKey: "k",
  };
}

it("finds by its index what a look at every pool would find", () => {
  fc.assert(
    fc.property(pools, fc.subarray(["web", "api", "v1", "stable", "a.b"]), word, (given, tags, name) => {
      const db = new Database(":memory:");
      try {
        const store = new PoolStore(db);
        // None can be made that follows a tag, and has none.
        const made = given.filter(
          ({ versionPolicy, tag, trackTag }) => versionPolicy !== "track_tag" || tag || trackTag,
        );
        for (const [at, { namespace, name, tag, ...pool }] of made.entries()) {
          store.insert(row(at, { ...pool, templateRef: `${namespace}${name}${tag === null ? "" : `:${tag}`}` }));
        }
        const all = store
          .list(["enabled", "disabled", "draining"])
          .filter(({ versionPolicy }) => versionPolicy === "track_tag")
          .map((pool) => ({
            id: pool.poolId,
            ref: parseTemplateRef(followedRef(pool)) as { name: string; tag: string },
          }));
        const ids = (followed: Parameters<typeof poolTagFollowers>[1]) =>
          poolTagFollowers(db, followed).map(({ id }) => id);
        expect(ids({ tags })).toEqual(all.filter(({ ref }) => tags.includes(ref.tag)).map(({ id }) => id));
        expect(ids({ name })).toEqual(all.filter(({ ref }) => ref.name === name).map(({ id }) => id));
      } finally {
        db.close();
      }
    }),
    { numRuns: 60 },
  );
});
