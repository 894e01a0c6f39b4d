import { object } from "../arguments/index.ts";
import { check } from "./argument-rules.ts";
import { explainIssue } from "./explain-issue.ts";
import * as z from "zod";
import { compareApiVersions, requireApiVersion } from "./api-version.ts";
import { parseByteSize } from "./byte-size.ts";
import type { EngineApi } from "./engine-api.ts";
import { DockerOptionError, UnsupportedByEngineError } from "./errors.ts";

const FilterValue = z.union([z.string(), z.number()]);

/** What of the build cache goes. Without options: what no image needs ("dangling"). */
export const PruneBuildsOptions = z.strictObject({
  /** Such as `{ until: "24h" }`, `{ type: "exec.cachemount" }`, `{ unused: "1h" }`; engines take one value for each. */
  filters: z.record(z.string(), z.union([FilterValue, z.boolean(), z.array(FilterValue)])).optional(),
  /** Keep this much: bytes, or text such as `10g`. */
  keepStorage: z.union([z.number().int().nonnegative(), z.string()]).optional(),
  /**
   * Also what images could still use as cache.
   *
   * @default false
   */
  all: z.boolean().optional(),
  /** Space that the cache may always have. API 1.48. */
  reservedSpace: z.union([z.number().int().nonnegative(), z.string()]).optional(),
  /** Space that the cache must not exceed. API 1.48. */
  maxUsedSpace: z.union([z.number().int().nonnegative(), z.string()]).optional(),
  /** Space to leave free on the disk. API 1.48. */
  minFreeSpace: z.union([z.number().int().nonnegative(), z.string()]).optional(),
  /** Aborting it stops waiting; what has been removed by then stays removed. */
  signal: z.instanceof(AbortSignal).optional(),
});
export type PruneBuildsOptions = z.infer<typeof PruneBuildsOptions>;

/** What went. */
export interface PruneBuildsResult {
  /** Ids of the cache records that were removed. */
  cachesDeleted: string[];
  spaceReclaimedBytes: number;
}

const Answer = z.looseObject({ CachesDeleted: z.array(z.string()).nullish(), SpaceReclaimed: z.number() });

/** First API version with POST /build/prune, with its first options, and with those that took keep-storage's place. */
const PRUNE_API_VERSION = "1.31";
const OPTIONS_API_VERSION = "1.39";
const SPACE_API_VERSION = "1.48";

/** Removes build cache. @throws ApiVersionError for an option that the engine is too old for */
export async function pruneBuilds(engine: EngineApi, given: PruneBuildsOptions = {}): Promise<PruneBuildsResult> {
  check("pruneBuilds", { options: object }, { options: given });
  const parsed = PruneBuildsOptions.safeParse(given);
  if (!parsed.success) {
    const { name, reason } = explainIssue(parsed.error.issues[0]!, given, Object.keys(PruneBuildsOptions.shape));
    throw new DockerOptionError(name, `pruneBuilds: options.${name}: ${reason}.`);
  }
  const options = parsed.data;
  const { apiVersion, isPodman } = await engine.negotiate(options.signal);
  if (isPodman)
    throw new UnsupportedByEngineError(
      "pruneBuilds",
      "Podman's Docker API cannot prune builds. Use podman system prune --build.",
    );
  requireApiVersion("pruneBuilds", PRUNE_API_VERSION, apiVersion);
  const request = await engine.versioned({
    method: "POST",
    path: "/build/prune",
    query: pruneQuery(options, apiVersion),
    kind: "stream",
    signal: options.signal,
  });
  const { CachesDeleted, SpaceReclaimed } = await engine.transport.json(request, Answer);
  return { cachesDeleted: CachesDeleted ?? [], spaceReclaimedBytes: SpaceReclaimed };
}

/** The query of POST /build/prune for an engine of `apiVersion`. */
export function pruneQuery(options: PruneBuildsOptions, apiVersion: string): URLSearchParams {
  const query = new URLSearchParams();
  if (options.all !== undefined) {
    requireApiVersion("all of pruneBuilds", OPTIONS_API_VERSION, apiVersion);
    query.set("all", String(options.all));
  }
  if (options.filters !== undefined) {
    requireApiVersion("filters of pruneBuilds", OPTIONS_API_VERSION, apiVersion);
    const lists = Object.entries(options.filters).map(([name, value]): [string, string[]] => [
      name,
      [value].flat().map(String),
    ]);
    const empty = lists.find(([, values]) => values.length === 0);
    // To the engine a filter without values is no filter, so a list that came out empty would prune everything.
    if (empty)
      throw new DockerOptionError(
        "filters",
        `The filter ${empty[0]} of pruneBuilds has no values. Give some, or leave it out.`,
      );
    query.set("filters", JSON.stringify(Object.fromEntries(lists)));
  }
  if (options.keepStorage !== undefined) {
    requireApiVersion("keepStorage of pruneBuilds", OPTIONS_API_VERSION, apiVersion);
    if (options.reservedSpace !== undefined) {
      throw new DockerOptionError(
        "keepStorage",
        "keepStorage and reservedSpace of pruneBuilds are one option. Give one of them.",
      );
    }
    // Renamed in API 1.48; the old name is on its way out there.
    const name = compareApiVersions(apiVersion, SPACE_API_VERSION) < 0 ? "keep-storage" : "reserved-space";
    query.set(name, String(parseByteSize("keepStorage", options.keepStorage)));
  }
  for (const [option, name] of [
    ["reservedSpace", "reserved-space"],
    ["maxUsedSpace", "max-used-space"],
    ["minFreeSpace", "min-free-space"],
  ] as const) {
    const size = options[option];
    if (size === undefined) continue;
    requireApiVersion(`${option} of pruneBuilds`, SPACE_API_VERSION, apiVersion);
    query.set(name, String(parseByteSize(option, size)));
  }
  return query;
}
