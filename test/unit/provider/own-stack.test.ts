import { expect, it } from "vitest";
import { isOwnStack, markOf } from "../../../provider/core/ownership/mark.ts";
import { ownerTag } from "../../../provider/core/ownership/owner-tags.ts";
import { ownedByOtherStacks } from "../../../provider/core/template/still-owned.ts";

const markIn = (stack: string, name: string) =>
  markOf({ organization: "", project: "p", stack, urn: `urn:pulumi:${stack}::p::t::${name}` });
const web = markIn("renamed", "web");
const owner = { mark: web, formerMark: markIn("first", "web") };

it("takes what a stack has made under its former name for its own", () => {
  expect(isOwnStack(owner, markIn("renamed", "other"))).toBe(true);
  expect(isOwnStack(owner, markIn("first", "other"))).toBe(true);
  expect(isOwnStack({ mark: web }, markIn("first", "other"))).toBe(false);
  expect(isOwnStack(owner, markIn("another", "web"))).toBe(false);
});

it("names tags and aliases of other stacks, not those that the stack itself noted under its former name", () => {
  const noted = (stack: string, kind: "tag" | "alias", name: string) => ({
    tag: ownerTag(markIn(stack, name), kind, name),
    build_id: "tb_1",
    created_at: "2026-01-01T00:00:00Z",
  });
  const tags = [
    ...["default", "live"].map((tag) => ({ tag, build_id: "tb_1", created_at: "2026-01-01T00:00:00Z" })),
    noted("first", "tag", "default"),
    noted("another", "tag", "live"),
    noted("first", "alias", "site"),
    noted("another", "alias", "place"),
  ];
  expect(ownedByOtherStacks(tags, ["site", "place"], owner)).toEqual(['tag "live" (tb_1)', 'alias "place"']);
});
