import { isMarkTag, TagName } from "../../sdk/wire/index.ts";

/** A tag that a program may give: not one of those by which the provider knows its own builds. */
export const ProgramTag = TagName.refine((tag) => !isMarkTag(tag), {
  error: 'tags that begin with "pulumi-" are the provider\'s own: choose another',
});
