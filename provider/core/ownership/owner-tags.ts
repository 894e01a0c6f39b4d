import { createHash } from "node:crypto";
import { MARK_TAG_PREFIX } from "../../../sdk/wire/index.ts";
import type { Mark } from "./mark.ts";

// Two forms, both begin with the prefix that the service keeps from going live by itself:
//   pulumi-<mark>-<definition>   on builds: who had it built, and from what
//   pulumi-<mark>.<kind>.<name>  on any build of a template: who owns a tag (t) or an alias (a) of the template

const BUILD_TAG = /^pulumi-([0-9a-f]{20})-([0-9a-f]{12})$/;
const OWNER_TAG = /^pulumi-([0-9a-f]{20})\.([ta])\.([0-9a-f]{8})$/;

/** What an owner tag is about. */
export type OwnedKind = "tag" | "alias";

const LETTERS = { tag: "t", alias: "a" } as const satisfies Record<OwnedKind, string>;

/**
 * The one tag that a build is started with.
 *
 * @param definition digest of what is built, 12 hex digits
 */
export function buildTag(mark: Mark, definition: string): string {
  return `${MARK_TAG_PREFIX}${mark}-${definition}`;
}

/** Who had a build made, and from what; undefined for any other tag. */
export function readBuildTag(tag: string): { mark: Mark; definition: string } | undefined {
  const [, mark, definition] = BUILD_TAG.exec(tag) ?? [];
  return mark === undefined || definition === undefined ? undefined : { mark, definition };
}

/** The tag that says who owns a tag or an alias of a template. */
export function ownerTag(mark: Mark, kind: OwnedKind, name: string): string {
  return `${MARK_TAG_PREFIX}${mark}.${LETTERS[kind]}.${digestName(name)}`;
}

/** Owners of a tag or alias among the tags of its template, in the order of `tags`. */
export function ownersOf<Tag extends { tag: string }>(
  tags: readonly Tag[],
  kind: OwnedKind,
  name: string,
): { mark: Mark; tag: Tag }[] {
  return tags.flatMap((tag) => {
    const [, mark, letter, digest] = OWNER_TAG.exec(tag.tag) ?? [];
    return mark !== undefined && letter === LETTERS[kind] && digest === digestName(name) ? [{ mark, tag }] : [];
  });
}

/** Who owns a tag, if the text is the owner tag of one; undefined otherwise. */
export function readTagNote(tag: string): Mark | undefined {
  const [, mark, letter] = OWNER_TAG.exec(tag) ?? [];
  return letter === LETTERS.tag ? mark : undefined;
}

/** Is the tag the owner tag of an alias? Such a tag goes along with the newest build, so that it keeps no old one. */
export function isAliasOwner(tag: string): boolean {
  return OWNER_TAG.exec(tag)?.[2] === LETTERS.alias;
}

function digestName(name: string): string {
  return createHash("sha256").update(name).digest("hex").slice(0, 8);
}
