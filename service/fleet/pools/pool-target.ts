import { formatTemplateRef, parseTemplateRef } from "pulumi-nullspace/sdk";
import { InvalidRequestError, TemplateNotFoundError } from "../../errors.ts";
import type { Database } from "../../store/database.ts";
import type { PoolRow } from "../../store/warm-pools.ts";
import { resolveTemplate, type ResolvedTemplate } from "../../templates/resolve.ts";
import { compatibilityKey } from "../guests/machine-shape.ts";
import type { Placements } from "../guests/placements.ts";

/** The members of a pool that say which build its machines are made from, how large they are, and where they run. */
export type PoolSelector = Pick<
  PoolRow,
  "templateRef" | "versionPolicy" | "trackTag" | "vcpus" | "memoryMb" | "diskMb" | "placement"
> &
  Partial<Pick<PoolRow, "placementKey">>;

/** What a pool's members are to be made from, as the store's columns. */
export type PoolTarget = Pick<
  PoolRow,
  "resolvedTemplate" | "buildId" | "templateId" | "internetAccess" | "placement" | "placementKey" | "compatibilityKey"
>;

const NO_PLACEMENTS: Placements = new Map();

/**
 * The reference that a pool follows: with `track_tag` its template under that tag, else its own reference.
 *
 * @throws InvalidRequestError when the policy needs a tag and there is none
 */
export function followedRef({ templateRef, versionPolicy, trackTag }: PoolSelector): string {
  const ref = parseTemplateRef(templateRef);
  // A pool that went over to pinning may still carry the tag it tracked: the published client cannot clear it.
  if (versionPolicy === "pinned_build") return templateRef;
  if (ref.kind === "artifact") {
    throw new InvalidRequestError(
      `version_policy track_tag needs a template's name; "${templateRef}" is one artifact, which has no tags.`,
    );
  }
  const tag = trackTag ?? ref.tag;
  if (tag === undefined) {
    throw new InvalidRequestError(
      `version_policy track_tag needs a tag to follow: set track_tag, or add it to template_ref ("${templateRef}:<tag>").`,
    );
  }
  const { namespace, name } = ref;
  return formatTemplateRef({ kind: "name", name, tag, ...(namespace !== undefined && { namespace }) });
}

/** Resolves what a new or changed pool means now. @throws TemplateNotFoundError, InvalidRequestError */
export function resolveTarget(db: Database, selector: PoolSelector, placements: Placements): PoolTarget {
  return target(selector, resolveTemplate(db, followedRef(selector)), placements);
}

/**
 * What the members of a pool should be made from at this moment: the build that it pins, or the one under its tag.
 *
 * @param placements what those that there are say. @default as when the pool was last given its own
 * @returns `null` when there is none any more: the tag was removed, or the build's artifact is gone
 */
export function currentTarget(db: Database, pool: PoolRow, placements: Placements = NO_PLACEMENTS): PoolTarget | null {
  try {
    if (pool.versionPolicy === "track_tag") return resolveTarget(db, pool, placements);
    return target(pool, resolveTemplate(db, pool.templateId), placements);
  } catch (error) {
    if (error instanceof TemplateNotFoundError) return null;
    throw error;
  }
}

/**
 * What a changed pool means: resolved again only where the change says so, because a pinned build must not move when
 * somebody changes a label.
 *
 * @throws TemplateNotFoundError, InvalidRequestError
 */
export function retarget(db: Database, before: PoolRow, after: PoolRow, placements: Placements): PoolTarget {
  const isRefChanged = after.templateRef !== before.templateRef;
  const isTagChanged =
    after.versionPolicy === "track_tag" && (before.versionPolicy !== "track_tag" || after.trackTag !== before.trackTag);
  if (isRefChanged || isTagChanged) return resolveTarget(db, after, placements);
  const { resolvedTemplate, buildId, templateId, internetAccess, vcpus, memoryMb, diskMb } = after;
  const placed = placedBy(after, placements);
  const shape = { templateId, vcpus, memoryMb, diskMb, internetAccess: internetAccess === 1, ...placed };
  const key = compatibilityKey(shape);
  return { resolvedTemplate, buildId, templateId, internetAccess, ...placed, compatibilityKey: key };
}

/** A placement that is not there any more is as it was: what lives of it is not outdated. */
function placedBy(
  { placement, placementKey = null }: PoolSelector,
  placements: Placements,
): Pick<PoolTarget, "placement" | "placementKey"> {
  if (placement === null) return { placement, placementKey: null };
  return { placement, placementKey: placements.get(placement) ?? placementKey };
}

function target(selector: PoolSelector, template: ResolvedTemplate, placements: Placements): PoolTarget {
  const { vcpus, memoryMb, diskMb } = selector;
  const { templateId, buildId, canonicalRef, resources } = template;
  const { internetAccess } = resources;
  const placed = placedBy(selector, placements);
  return {
    resolvedTemplate: `${canonicalRef}:${buildId}`,
    buildId,
    templateId,
    internetAccess: internetAccess ? 1 : 0,
    ...placed,
    compatibilityKey: compatibilityKey({ templateId, vcpus, memoryMb, diskMb, internetAccess, ...placed }),
  };
}
