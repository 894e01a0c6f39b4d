import type { NullspaceClient } from "../../../sdk/client/index.ts";
import type { CreateTemplateRequest, TemplateBuild, TemplateBuildSummary } from "../../../sdk/wire/index.ts";
import { pause } from "../../../sdk/concurrency/index.ts";
import { isLostAnswer } from "../service-errors.ts";
import { buildHistory } from "./build-history.ts";

/** How often a lost build is looked for before it counts as never started. */
const SEARCHES = 4;
const SEARCH_PAUSE_MS = 500;

/**
 * Starts a build. When the answer is lost, the build is looked for by its mark before another is started: the service has
 * no key by which it could tell the second request from the first.
 *
 * @param mark the one tag of the request
 * @param ref template that the build will belong to, `namespace/name`
 */
export async function startBuild(
  client: NullspaceClient,
  request: CreateTemplateRequest,
  { mark, ref, signal }: { mark: string; ref: string; signal: AbortSignal },
): Promise<TemplateBuild> {
  const newest = (await findBuild(client, ref, () => true, signal))?.build_id;
  try {
    return await client.builds.start(request, { signal });
  } catch (error) {
    if (!isLostAnswer(error) || signal.aborted) throw error;
    for (let search = 1; search <= SEARCHES; search++) {
      const started = await findBuild(client, ref, ({ tags }) => tags.includes(mark), signal, newest);
      if (started !== undefined) return (await client.builds.get(started.build_id, { signal })).build;
      // The service may still be accepting it.
      if (search < SEARCHES) await pause(SEARCH_PAUSE_MS, signal);
    }
    return client.builds.start(request, { signal });
  }
}

/** The newest build of a template that fits, of those that are newer than `since`. */
async function findBuild(
  client: NullspaceClient,
  ref: string,
  fits: (build: TemplateBuildSummary) => boolean,
  signal: AbortSignal,
  since?: string,
): Promise<TemplateBuildSummary | undefined> {
  for await (const build of buildHistory(client, ref, signal)) {
    if (build.build_id === since) return undefined;
    if (fits(build)) return build;
  }
  return undefined;
}
