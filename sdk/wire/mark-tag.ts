/**
 * Prefix of the tags by which the Pulumi provider recognises its own builds. A build that has no other tag has not gone
 * live: a service that gives a bare name the newest build passes it over.
 */
export const MARK_TAG_PREFIX = "pulumi-";

/**
 * Is the tag one of the Pulumi provider's own?
 *
 * @example
 * ```ts
 * await using client = new NullspaceClient();
 * const tags = await client.templates.listTags("web");
 * const ownTags = tags.filter(({ tag }) => !isMarkTag(tag));
 * ```
 */
export function isMarkTag(tag: string): boolean {
  return tag.startsWith(MARK_TAG_PREFIX);
}
