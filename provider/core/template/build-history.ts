import type { NullspaceClient } from "../../../sdk/client/index.ts";
import { isTerminalStatus, type TemplateBuildSummary } from "../../../sdk/wire/index.ts";
import type { OperationContext } from "../operation-context.ts";
import { isOwnMark, type Mark } from "../ownership/mark.ts";
import { readBuildTag } from "../ownership/owner-tags.ts";
import { orGone } from "../service-errors.ts";

/** The most that the service gives at once. */
const PAGE = 100;
/** A history longer than this is not read to its end: what is looked for is among the newest. */
const MOST_PAGES = 20;

/**
 * Builds of a template, newest first, read page by page as they are asked for.
 *
 * @returns none for a template that does not exist
 */
export async function* buildHistory(
  client: NullspaceClient,
  ref: string,
  signal: AbortSignal,
): AsyncGenerator<TemplateBuildSummary> {
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const list = await orGone(
      client.builds.list(ref, { limit: PAGE, ...(cursor !== undefined && { cursor }) }, { signal }),
    );
    yield* list?.builds ?? [];
    cursor = list?.next_cursor ?? undefined;
    if (cursor === undefined) return;
  }
}

/** A build that carries a resource's mark. */
export interface OwnBuild {
  build: TemplateBuildSummary;
  /** Digest of what it builds from: the last part of its mark. */
  definition: string;
}

/** Who had the build made; undefined for a build that no Pulumi resource has started. */
export function ownerOf(build: Pick<TemplateBuildSummary, "tags">): { mark: Mark; definition: string } | undefined {
  for (const tag of build.tags) {
    const read = readBuildTag(tag);
    if (read !== undefined) return read;
  }
  return undefined;
}

/**
 * The resource's own builds, newest first.
 *
 * @param since only those that are newer than this build; default all
 */
export async function ownBuilds(
  client: NullspaceClient,
  ref: string,
  {
    context,
    since,
    signal,
  }: { context: Pick<OperationContext, "mark" | "formerMark">; since?: string | undefined; signal: AbortSignal },
): Promise<OwnBuild[]> {
  const found: OwnBuild[] = [];
  for await (const build of buildHistory(client, ref, signal)) {
    if (build.build_id === since) break;
    const owner = ownerOf(build);
    if (owner !== undefined && isOwnMark(context, owner.mark)) found.push({ build, definition: owner.definition });
  }
  return found;
}

/** Has the build come to a good end that is still there, or may it yet? */
export function isHopeful(build: Pick<TemplateBuildSummary, "status" | "promotability">): boolean {
  return build.status === "ready" ? !isReclaimed(build) : !isTerminalStatus(build.status);
}

/** Words of the service for an artifact that is gone: let go after its time, deleted, or lost by what kept it. */
const GONE = new Set<string | undefined>(["expired", "purged", "unavailable"]);

/** Is what a good build has made gone: deleted, let go after its time, or lost? The record of the build stays. */
export function isReclaimed({ promotability }: Pick<TemplateBuildSummary, "promotability">): boolean {
  return GONE.has(promotability?.status);
}

/**
 * Is the template under the name the one that the build was made for? Its history tells, also of a build whose artifact is
 * gone. Of a build that the service has forgotten nothing can be told: it counts as one.
 */
export async function isTemplateOfBuild(
  client: NullspaceClient,
  ref: string,
  buildId: string,
  signal: AbortSignal,
): Promise<boolean> {
  if ((await orGone(client.templates.get(`${ref}:${buildId}`, { signal }))) !== undefined) return true;
  for await (const { build_id } of buildHistory(client, ref, signal)) if (build_id === buildId) return true;
  return (await orGone(client.builds.get(buildId, { signal }))) === undefined;
}
