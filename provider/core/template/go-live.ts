import { ConflictError, type NullspaceClient } from "../../../sdk/client/index.ts";
import type { TagInfo } from "../../../sdk/wire/index.ts";
import { TagTakenError } from "../../errors.ts";
import type { Log } from "../operation-context.ts";
import { isOwnMark, isOwnStack, type Mark } from "../ownership/mark.ts";
import { isAliasOwner, ownersOf, ownerTag, readBuildTag, readTagNote } from "../ownership/owner-tags.ts";
import { describeOwner } from "../ownership/takeover-ways.ts";
import { orGone } from "../service-errors.ts";

export interface GoLiveOptions {
  /** Template, `namespace/name`. */
  ref: string;
  /** Build that goes live. */
  buildId: string;
  /** Tags that are to point at it. */
  wanted: readonly string[];
  /** Tags of this resource's last update that the inputs no longer name. */
  dropped: readonly string[];
  /** Builds of this resource: a tag on another build has been moved by someone else. */
  ours: ReadonlySet<string>;
  /** Whose the template is, under its name of today and its last one. */
  owner: { mark: Mark; formerMark?: Mark | undefined };
  /** Whether the marks of other resources on builds of the template are taken away: it is adopted from them. */
  adopts: boolean;
  signal: AbortSignal;
  log: Log;
}

/**
 * The last step of a create or update: points the wanted tags at the build, all at once, and takes away those that are
 * wanted no longer, unless someone else has moved them since or owns them as well. Until then a build is nobody's but the
 * resource's. The tags are noted as the resource's own, so that a TemplateTag of the same tag that goes leaves them.
 *
 * @throws TagTakenError when a wanted tag belongs to another stack
 */
export async function goLive(client: NullspaceClient, options: GoLiveOptions): Promise<void> {
  const { ref, buildId, wanted, dropped, ours, owner, adopts, signal, log } = options;
  const tags = await client.templates.listTags(ref, { signal });
  const now = new Map(tags.map(({ tag, build_id }) => [tag, build_id]));
  for (const tag of wanted) {
    const stranger = strangerOf(tags, tag, owner);
    const found = now.get(tag);
    if (stranger !== undefined && found !== undefined && !adopts)
      throw taken({ ref, tag, found }, stranger, owner.mark);
    if (found === undefined || found === buildId || ours.has(found)) continue;
    log(
      "warning",
      `the tag ${tag} of ${ref} pointed at ${found}, which is no build of this resource: it is moved to ${buildId}`,
    );
  }
  const notes = wanted.map((tag) => ownerTag(owner.mark, "tag", tag));
  // The notes of who owns what go along, so that they keep no old build.
  const moving = [...wanted, ...notes, ...tags.map(({ tag }) => tag).filter(isAliasOwner)].filter(
    (tag) => now.get(tag) !== buildId,
  );
  if (moving.length > 0) await client.builds.promote(buildId, { tags: [...new Set(moving)] }, { signal });

  const remove = (tag: string) => orGone(client.templates.removeTag(ref, tag, { signal }));
  // What an update before this one had to leave is still noted as the resource's own.
  const left = tags
    .map(({ tag }) => tag)
    .filter((tag) => !wanted.includes(tag) && ownersOf(tags, "tag", tag).some(({ mark }) => isOwnMark(owner, mark)));
  for (const tag of new Set([...dropped, ...left])) {
    const target = now.get(tag);
    const others = ownersOf(tags, "tag", tag).filter(({ mark }) => !isOwnMark(owner, mark));
    if (others.length > 0) log("info", `the tag ${tag} of ${ref} is kept: another resource owns it as well`);
    else if (target !== undefined && (target === buildId || ours.has(target))) {
      const follower = await followedBy(remove(tag));
      if (follower === undefined) continue;
      notes.push(ownerTag(owner.mark, "tag", tag));
      log("warning", `the tag ${tag} of ${ref} stays for now: ${follower} The next update of the template removes it`);
    }
  }
  const formerOwners = new Set<Mark | undefined>();
  for (const [tag, target] of now) {
    const builtBy = readBuildTag(tag)?.mark;
    if (builtBy === undefined || (target === buildId && builtBy === owner.mark)) continue;
    if (adopts && builtBy !== owner.mark) formerOwners.add(builtBy);
    if (adopts || builtBy === owner.mark || ours.has(target)) await remove(tag);
  }
  // What this resource, or those that it has adopted the template from, owned until now.
  for (const tag of now.keys()) {
    const noted = readTagNote(tag);
    const isOver = isOwnMark(owner, noted) ? !notes.includes(tag) : formerOwners.has(noted);
    if (noted !== undefined && isOver) await remove(tag);
  }
}

/** Waits for the removal of a tag. @returns the service's words when a pool follows it, and it was not removed */
async function followedBy(removal: Promise<unknown>): Promise<string | undefined> {
  try {
    await removal;
    return undefined;
  } catch (error) {
    if (error instanceof ConflictError) return error.message;
    throw error;
  }
}

/** Who of another stack owns the tag, when this resource does not. */
function strangerOf(tags: readonly TagInfo[], tag: string, owner: GoLiveOptions["owner"]): Mark | undefined {
  const owners = ownersOf(tags, "tag", tag).map(({ mark }) => mark);
  if (owners.some((mark) => isOwnMark(owner, mark))) return undefined;
  return owners.find((mark) => !isOwnStack(owner, mark));
}

function taken(
  { ref, tag, found }: { ref: string; tag: string; found: string },
  stranger: Mark,
  mark: Mark,
): TagTakenError {
  return new TagTakenError(
    `the tag ${tag} of ${ref} ${describeOwner(stranger, mark)}, and was not moved; the build is kept, and goes live with the ` +
      `next update. Take "${tag}" out of tags, or remove it there`,
    { ref: `${ref}:${tag}`, buildId: found },
  );
}
