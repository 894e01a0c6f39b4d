import { expect } from "vitest";
import { DELETED_FIRST, REPLACED } from "../support/engine-events.ts";
import type { OptionRow } from "./option-rows.ts";

/** What makes a replacement of a change, and what becomes of the old resource. */
export const REPLACEMENTS: OptionRow[] = [
  {
    key: "swapped",
    title: "replaceOnChanges: the successor goes on with the template, its tag and its alias are never missing",
    before: `const it = template("swapped", { context: here, env: { V: "1" } }, { replaceOnChanges: ["env.V"] });
      tag("swapped-tag", it); alias("swapped-alias", it);`,
    after: `const it = template("swapped", { context: here, env: { V: "2" } }, { replaceOnChanges: ["env.V"] });
      tag("swapped-tag", it); alias("swapped-alias", it);`,
    steps: { swapped: REPLACED, "swapped-tag": "update" },
    previewed: {
      // What a replacement is called is not known before it is there.
      plugin: { swapped: REPLACED, "swapped-tag": "update", "swapped-alias": "update" },
      dynamic: { swapped: REPLACED, "swapped-tag": "update", "swapped-alias": "update" },
    },
    updated({ templates, state, run }) {
      const [second, first] = templates.swapped?.builds ?? [];
      expect(first).toBeDefined();
      expect(templates.swapped).toMatchObject({
        tags: { default: second, stable: second },
        aliases: ["swapped-alias"],
      });
      expect(state("swapped").outputs.buildId).toBe(second);
      // The build before was this resource's own: nobody else has moved a tag.
      expect(run.said).not.toMatch(/no build of this resource/);
    },
  },
  {
    key: "rehashed",
    title: "replaceOnChanges of contextHash: changed files replace the template, which is there once",
    before: `template("rehashed", { context: here }, { replaceOnChanges: ["contextHash"] });`,
    after: `template("rehashed", { context: here }, { replaceOnChanges: ["contextHash"] });`,
    edit: true,
    steps: { rehashed: REPLACED },
    async updated({ world, templates }) {
      expect(await world.fileIn(world.ref("rehashed"), "/hello.txt")).toBe("second\n");
      expect(templates.rehashed?.builds).toHaveLength(2);
    },
  },
  {
    key: "crew",
    title: "replaceOnChanges of a pool: it is there once, as the program says, and stays ready",
    before: `pool("crew", tag("crew-tag", template("crew-template", { context: here })), { idleTimeoutSeconds: 100 },
      { replaceOnChanges: ["idleTimeoutSeconds"] });`,
    after: `pool("crew", tag("crew-tag", template("crew-template", { context: here })), { idleTimeoutSeconds: 200 },
      { replaceOnChanges: ["idleTimeoutSeconds"] });`,
    steps: { crew: REPLACED },
    async updated({ pools, world }, created) {
      expect(pools.crew).toEqual(created.pools.crew);
      expect(await world.client.warmPools.get(pools.crew!.id)).toMatchObject({ idle_timeout_seconds: 200 });
    },
  },
  {
    key: "first",
    title:
      "deleteBeforeReplace: a tag of another name replaces the old one, a template of the same name is gone on with",
    before: `const it = template("first", { context: here, env: { V: "1" } },
      { replaceOnChanges: ["env.V"], deleteBeforeReplace: true });
      tag("first-tag", it, { tag: "old" }, { deleteBeforeReplace: true }); alias("first-alias", it);`,
    after: `const it = template("first", { context: here, env: { V: "2" } },
      { replaceOnChanges: ["env.V"], deleteBeforeReplace: true });
      tag("first-tag", it, { tag: "new" }, { deleteBeforeReplace: true }); alias("first-alias", it);`,
    steps: { first: DELETED_FIRST, "first-tag": DELETED_FIRST },
    previewed: {
      plugin: { first: DELETED_FIRST, "first-tag": DELETED_FIRST, "first-alias": "update" },
      dynamic: { first: DELETED_FIRST, "first-tag": DELETED_FIRST, "first-alias": "update" },
    },
    updated({ templates }) {
      const [second, old] = templates.first?.builds ?? [];
      expect(old).toBeDefined();
      expect(templates.first).toMatchObject({ tags: { default: second, new: second }, aliases: ["first-alias"] });
      expect(templates.first?.tags).not.toHaveProperty("old");
    },
  },
  {
    key: "triggered",
    title: "replacementTrigger and replaceWith: a tag and an alias are replaced without a change, and are still there",
    before: `const it = template("triggered", { context: here });
      const first = tag("triggered-tag", it, {}, { replacementTrigger: "1" });
      alias("triggered-alias", it, {}, { replaceWith: [first] });`,
    after: `const it = template("triggered", { context: here });
      const first = tag("triggered-tag", it, {}, { replacementTrigger: "2" });
      alias("triggered-alias", it, {}, { replaceWith: [first] });`,
    steps: { "triggered-tag": REPLACED, "triggered-alias": REPLACED },
    updated({ templates }, created) {
      expect(templates.triggered).toEqual(created.templates.triggered);
    },
  },
  {
    key: "kept",
    title: "retainOnDelete: what leaves the program stays at the service as it was",
    before: `const retained = { retainOnDelete: true }; const it = template("kept", { context: here }, retained);
      const first = tag("kept-tag", it, {}, retained); alias("kept-alias", it, {}, retained);
      pool("kept-pool", first, {}, retained);`,
    after: "",
    steps: { kept: "delete", "kept-tag": "delete", "kept-alias": "delete", "kept-pool": "delete" },
    updated({ templates, pools }, created) {
      expect(templates.kept).toEqual(created.templates.kept);
      expect(pools["kept-pool"]).toEqual(created.pools["kept-pool"]);
    },
    leaves: ["template kept", "pool kept-pool"],
  },
  {
    key: "gone",
    title: "deletedWith: what goes with its template is not deleted by itself, and is gone",
    before: `const it = template("gone", { context: here }); const along = { deletedWith: it };
      tag("gone-tag", it, {}, along); alias("gone-alias", it, {}, along);`,
    after: "",
    steps: { gone: "delete", "gone-tag": "delete", "gone-alias": "delete" },
    async updated({ templates, world, run }) {
      expect(templates).not.toHaveProperty("gone");
      expect(await world.resolve("gone-alias")).toBeUndefined();
      expect(run.said).not.toMatch(/gone-(?:tag|alias)/);
    },
  },
];
