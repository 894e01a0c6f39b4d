import { ConflictError } from "../errors.ts";
import type { Database } from "../store/database.ts";
import type { TagFollower, TagFollowerQuery } from "../store/tag-follower.ts";
import { canonicalRefOf, DEFAULT_NAMESPACE, findByName, type LogicalTemplate } from "./logical-template.ts";

/** @throws ConflictError while something follows one of these tags of the template */
export function refuseFollowedTags(
  db: Database,
  tagFollowers: TagFollowerQuery,
  template: LogicalTemplate,
  tags: readonly string[],
): void {
  const leadsHere = ({ namespace, name }: TagFollower) =>
    findByName(db, namespace, name)?.templateKey === template.templateKey;
  const followers = tagFollowers(db, { tags }).filter((follower) => tags.includes(follower.tag) && leadsHere(follower));
  const [first] = followers;
  if (first !== undefined) throw followed(`The tag "${first.tag}" of ${canonicalRefOf(template)}`, followers);
}

/** @throws ConflictError while something follows a tag under this former name */
export function refuseFollowedAlias(
  db: Database,
  tagFollowers: TagFollowerQuery,
  alias: { namespace: string; name: string },
): void {
  const followers = tagFollowers(db, alias).filter(
    ({ namespace = DEFAULT_NAMESPACE, name }) => namespace === alias.namespace && name === alias.name,
  );
  if (followers.length > 0) throw followed(`The alias "${alias.namespace}/${alias.name}"`, followers);
}

function followed(what: string, followers: readonly TagFollower[]): ConflictError {
  return new ConflictError(`${what} is followed by ${followers.map(({ label }) => label).join(", ")}.`, {
    suggestedAction: "Delete what follows it, or have it follow another tag, first.",
    details: { used_by: followers.map(({ kind, id }) => ({ kind, id })) },
  });
}
