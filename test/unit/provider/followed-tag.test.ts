import { expect, it } from "vitest";
import { followedTag } from "../../../provider/core/warm-pool/followed-tag.ts";

it.each([
  [{ versionPolicy: "track_tag", template: "web:stable", trackTag: "next" }, "next"],
  [{ versionPolicy: "track_tag", template: "web:stable" }, "stable"],
  // The service refuses it: "version_policy track_tag needs a tag to follow".
  [{ versionPolicy: "track_tag", template: "web" }, undefined],
  [{ versionPolicy: "track_tag", template: "tmpl_00000000000000000000000001" }, undefined],
  [{ versionPolicy: "pinned_build", template: "web:stable" }, undefined],
])("a pool with %j follows %s", (inputs, tag) => {
  expect(followedTag(inputs)).toBe(tag);
});
