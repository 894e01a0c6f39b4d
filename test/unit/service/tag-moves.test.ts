import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asCaller } from "../../../service/caller.ts";
import { deleteRef } from "../../../service/templates/delete-template.ts";
import { renameTemplate } from "../../../service/templates/rename.ts";
import { listTagMoves } from "../../../service/templates/tag-moves.ts";
import { assignTags, removeTag } from "../../../service/templates/tags.ts";
import { TemplateStore } from "./template-store.ts";

let store: TemplateStore;

beforeEach(() => {
  store = new TemplateStore();
});

afterEach(() => {
  store[Symbol.dispose]();
});

/** Builds before and after each move of `prod`, newest first. */
const moves = (ref = "web") =>
  listTagMoves(store.db, ref, { tag: "prod" }).moves.map((move) => [move.from_build_id, move.to_build_id]);

async function build(name = "web"): Promise<string> {
  return (await store.ready({ name, tags: ["dev"] })).buildId;
}

describe("the moves of a tag", () => {
  it("say when it was made, moved and removed, and by whom, and nothing of a move to where it was", async () => {
    const [first, second] = [await build(), await build()];
    asCaller({ keyId: "key_1", name: "ci" }, () => {
      for (const to of [first, second, second]) assignTags(store.db, `web:${to}`, ["prod", "other"]);
    });
    removeTag(store.db, () => [], "web", "prod");
    expect(listTagMoves(store.db, "local/web", { tag: "prod" })).toEqual({
      moves: [
        { tag: "prod", from_build_id: second, moved_at: expect.any(String), moved_by: "service" },
        { tag: "prod", from_build_id: first, to_build_id: second, moved_at: expect.any(String), moved_by: "ci" },
        { tag: "prod", to_build_id: first, moved_at: expect.any(String), moved_by: "ci" },
      ],
    });
    expect(listTagMoves(store.db, "web", { tag: "never" })).toEqual({ moves: [] });
  });

  it("know that a tag went with the artifact it was on", async () => {
    const first = await build();
    assignTags(store.db, `web:${first}`, ["prod"]);
    deleteRef({ db: store.db, artifactUses: [], tagFollowers: () => [] }, `web:${first}`);
    expect(moves()).toEqual([
      [first, undefined],
      [undefined, first],
    ]);
  });

  it("go on over a rename, and are not those of another template that has the name by then", async () => {
    const first = await build();
    assignTags(store.db, `web:${first}`, ["prod"]);
    renameTemplate(store.db, "web", "site");
    expect(moves("site")).toEqual([[undefined, first]]);
    expect(moves("web")).toEqual(moves("site"));
    deleteRef({ db: store.db, artifactUses: [], tagFollowers: () => [] }, "site");
    const other = await build("site");
    assignTags(store.db, `site:${other}`, ["prod"]);
    expect(moves("site")).toEqual([[undefined, other]]);
  });

  it("come page by page", async () => {
    const builds = [await build(), await build(), await build(), await build(), await build()];
    for (const to of builds) assignTags(store.db, `web:${to}`, ["prod"]);
    const seen: (string | null | undefined)[] = [];
    let cursor: string | undefined;
    do {
      const page = listTagMoves(store.db, "web", { tag: "prod", limit: 2, ...(cursor !== undefined && { cursor }) });
      seen.push(...page.moves.map(({ to_build_id }) => to_build_id));
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(builds.toReversed());
    for (const wrong of ["x", "-1", "1.5", "9".repeat(20)]) {
      expect(() => listTagMoves(store.db, "web", { tag: "prod", cursor: wrong })).toThrow("this is not a cursor");
    }
  });
});
