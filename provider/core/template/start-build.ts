import type { NullspaceClient } from "../../../sdk/client/index.ts";
import type { CreateTemplateRequest, TemplateBuild } from "../../../sdk/wire/index.ts";
import { pause } from "../deadline.ts";
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
  const before = new Set<string>();
  for await (const { build_id, tags } of buildHistory(client, ref, signal))
    if (tags.includes(mark)) before.add(build_id);
  try {
    return await client.builds.start(request, { signal });
  } catch (error) {
    if (!isLostAnswer(error) || signal.aborted) throw error;
    for (let search = 1; search <= SEARCHES; search++) {
      for await (const { build_id, tags } of buildHistory(client, ref, signal)) {
        if (tags.includes(mark) && !before.has(build_id)) return (await client.builds.get(build_id, { signal })).build;
      }
      // The service may still be accepting it.
      if (search < SEARCHES) await pause(SEARCH_PAUSE_MS, signal);
    }
    return client.builds.start(request, { signal });
  }
}
