import { ApiError, TransportError, type NullspaceClient } from "../../../sdk/client/index.ts";
import type { CreateTemplateRequest, TemplateBuild, TemplateBuildSummary } from "../../../sdk/wire/index.ts";
import { pause } from "../deadline.ts";
import { sameValue } from "../property-diff.ts";
import { orGone } from "../service-errors.ts";

/** How often a lost build is looked for before it counts as never started. */
const SEARCHES = 4;
const SEARCH_PAUSE_MS = 500;

/**
 * Starts a build. When the answer is lost, the build is looked for in the history of `ref` before another is started:
 * the service has no key by which it could tell the second request from the first.
 *
 * @param ref template that the build will belong to, `namespace/name`
 */
export async function startBuild(
  client: NullspaceClient,
  request: CreateTemplateRequest,
  ref: string,
  signal: AbortSignal,
): Promise<TemplateBuild> {
  const before = new Set((await history(client, ref, signal)).map(({ build_id }) => build_id));
  try {
    return await client.builds.start(request, { signal });
  } catch (error) {
    if (!(error instanceof TransportError) || error.outcome === "not_sent" || signal.aborted) throw error;
    const started = await findBuild(client, request, ref, before, signal);
    if (started === undefined) return client.builds.start(request, { signal });
    return (await client.builds.get(started.build_id, { signal })).build;
  }
}

/** The newest build that was not there before the request and is built from the same source and context. */
async function findBuild(
  client: NullspaceClient,
  request: CreateTemplateRequest,
  ref: string,
  before: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<TemplateBuildSummary | undefined> {
  const digests = await digestsOf(client, request, signal);
  for (let search = 1; search <= SEARCHES; search++) {
    const builds = await history(client, ref, signal);
    const mine = builds.find(
      (build) =>
        !before.has(build.build_id) &&
        sameValue([...build.tags].sort(), [...(request.tags ?? [])].sort()) &&
        agrees(build.source_digest, digests.source) &&
        agrees(build.context_digest, digests.context),
    );
    if (mine !== undefined) return mine;
    // The service may still be accepting it.
    if (search < SEARCHES) await pause(SEARCH_PAUSE_MS, signal);
  }
  return undefined;
}

/** What the service would call source and context of this request. */
async function digestsOf(
  client: NullspaceClient,
  request: CreateTemplateRequest,
  signal: AbortSignal,
): Promise<{ source?: string | null | undefined; context?: string | null | undefined }> {
  try {
    const plan = await client.templates.plan(request, { signal });
    return { source: plan.source_digest, context: plan.context_manifest?.context_digest };
  } catch (error) {
    // A service that plans nothing for this request leaves name, tags and age to tell the build by.
    if (error instanceof ApiError) return {};
    throw error;
  }
}

/** Digests that are both known must be equal. */
function agrees(left: string | null | undefined, right: string | null | undefined): boolean {
  return left == null || right == null || left === right;
}

async function history(client: NullspaceClient, ref: string, signal: AbortSignal): Promise<TemplateBuildSummary[]> {
  return (await orGone(client.builds.list(ref, { limit: 20 }, { signal })))?.builds ?? [];
}
