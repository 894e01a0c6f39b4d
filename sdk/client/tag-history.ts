import { check, options as optionsOf, text, whole } from "../arguments/index.ts";
import type { TemplateBuildSummary } from "../wire/build.ts";
import { isMarkTag } from "../wire/mark-tag.ts";
import { formatTemplateRef, parseTemplateRef } from "../wire/ref-grammar.ts";
import type { TagInfo } from "../wire/template.ts";
import { CALL_MEMBERS, CLIENT } from "./argument-rules.ts";
import { pickCallOptions, type CallOptions } from "./call-options.ts";
import type { NullspaceClient } from "./client.ts";
import { ApiError, InvalidArgumentError, NoSuchTagError } from "./errors.ts";

/** The most that the service gives at once. */
const PAGE = 100;
/** A history longer than this is not read to its end. */
const MOST_PAGES = 20;
/** What a service answers that does not have the call. The template is there: its tags were read a moment before. */
const NO_SUCH_CALL: readonly (number | undefined)[] = [400, 404, 405, 501];

const HISTORY = optionsOf<CallOptions & { limit: unknown }>({ ...CALL_MEMBERS, limit: whole(1) });

/** One move of a tag. Members that the service does not report are absent. */
export interface HistoricMove {
  /** When, RFC 3339. */
  at?: string;
  /** Build before, `tb_…`; null: the tag was new. */
  from?: string | null;
  /** Build after; null: the tag was removed. */
  to: string | null;
  /** Who moved it, or had the build made that took it along. */
  by?: string;
}

/** Where a tag points and has pointed. */
export interface TagHistory {
  /** `namespace/name`, as the template is called today. */
  template: string;
  tag: string;
  /** Build that the tag points at now; null: it was removed. */
  buildId: string | null;
  /**
   * Who tells: the service's record of moves; or, where it has none, the builds that were started under the tag, which say
   * nothing of promotions.
   */
  source: "moves" | "builds";
  /** Newest first. */
  moves: HistoricMove[];
  /** Whether there are older ones than were asked for. */
  hasMore: boolean;
}

/**
 * Where a tag of a template points and has pointed, newest first: from the service's record of moves, or from its builds
 * where it keeps none.
 *
 * @param ref `name:tag`, `namespace/name:tag`; without a tag, the one that the bare name means at the service
 * @throws TemplateRefError, InvalidArgumentError when `ref` is not one of these
 * @throws NotFoundError when there is no such template
 * @throws NoSuchTagError when the template has no such tag, and has had none that the service knows of
 * @example
 * ```ts
 * await using client = new NullspaceClient();
 * const { moves } = await tagHistory(client, "web:stable", { limit: 5 });
 * for (const { at, from, to } of moves) console.log(`${at}: ${from ?? "new"} -> ${to ?? "removed"}`);
 * ```
 */
export async function tagHistory(
  client: NullspaceClient,
  ref: string,
  options: CallOptions & {
    /**
     * At most this many moves.
     *
     * @default 20
     */
    limit?: number | undefined;
  } = {},
): Promise<TagHistory> {
  check("tagHistory", { client: CLIENT, ref: text, options: HISTORY }, { client, ref, options });
  const { limit = 20 } = options;
  const call = pickCallOptions(options);
  const parsed = parseTemplateRef(ref);
  if (parsed.kind === "artifact" || parsed.buildId !== undefined) {
    throw new InvalidArgumentError("ref", `"${ref}" is one build; give a template and a tag, such as web:stable`);
  }
  const { tag: named, ...bare } = parsed;
  const name = formatTemplateRef(bare);
  const tags = await client.templates.listTags(name, call);
  const tag = named ?? (await defaultTag(client, name, tags, call));
  const now = tags.find((each) => each.tag === tag)?.build_id ?? null;
  const told =
    (await recordedMoves(client, name, { tag, limit }, call)) ??
    (await taggedBuilds(client, name, { tag, limit, now }, call));
  if (now === null && told.moves.length === 0) throw noSuchTag(name, tag, tags);
  return { template: await canonicalName(client, name, tags, call), tag, buildId: now, ...told };
}

type Told = Pick<TagHistory, "source" | "moves" | "hasMore">;

/** @returns undefined when the service keeps no record of moves */
async function recordedMoves(
  client: NullspaceClient,
  name: string,
  { tag, limit }: { tag: string; limit: number },
  call: CallOptions,
): Promise<Told | undefined> {
  const moves: HistoricMove[] = [];
  let cursor: string | undefined;
  try {
    do {
      const page = await client.templates.listTagMoves(
        name,
        { tag, limit: Math.min(PAGE, limit - moves.length), cursor },
        call,
      );
      for (const { moved_at, moved_by, from_build_id, to_build_id } of page.moves) {
        moves.push({
          at: moved_at,
          from: from_build_id ?? null,
          to: to_build_id ?? null,
          ...(moved_by != null && { by: moved_by }),
        });
      }
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined && moves.length < limit);
  } catch (error) {
    if (error instanceof ApiError && NO_SUCH_CALL.includes(error.status)) return undefined;
    throw error;
  }
  return { source: "moves", moves, hasMore: cursor !== undefined };
}

/** A build that is started under a tag takes the tag along when it is ready; promotions leave nothing that can be read. */
async function taggedBuilds(
  client: NullspaceClient,
  name: string,
  { tag, limit, now }: { tag: string; limit: number; now: string | null },
  call: CallOptions,
): Promise<Told> {
  const found: TemplateBuildSummary[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES && found.length <= limit; page++) {
    const list = await client.builds.list(name, { status: "ready", limit: PAGE, cursor }, call);
    found.push(...list.builds.filter(({ tags }) => tags.includes(tag)));
    cursor = list.next_cursor ?? undefined;
    if (cursor === undefined) break;
  }
  const endOf = (build: TemplateBuildSummary) => build.finished_at ?? build.updated_at;
  const moves = found
    .sort((left, right) => Date.parse(endOf(right)) - Date.parse(endOf(left)))
    .map((build): HistoricMove => {
      return { at: endOf(build), to: build.build_id, ...(build.triggered_by != null && { by: build.triggered_by }) };
    });
  // It was moved since by other means, and nothing tells when.
  if (now !== null && moves[0]?.to !== now) moves.unshift({ to: now });
  return { source: "builds", moves: moves.slice(0, limit), hasMore: moves.length > limit || cursor !== undefined };
}

/** The tag that a template's bare name means. */
async function defaultTag(
  client: NullspaceClient,
  name: string,
  tags: readonly TagInfo[],
  call: CallOptions,
): Promise<string> {
  const { default_tag: tag } = await client.templates.get(name, call);
  if (tag != null && tag !== "") return tag;
  throw noSuchTag(name, undefined, tags);
}

async function canonicalName(
  client: NullspaceClient,
  name: string,
  tags: readonly TagInfo[],
  call: CallOptions,
): Promise<string> {
  const [first] = tags;
  if (first === undefined) return name;
  return (await client.templates.get(`${name}:${first.build_id}`, call)).canonical_ref || name;
}

function noSuchTag(name: string, tag: string | undefined, tags: readonly TagInfo[]): NoSuchTagError {
  return new NoSuchTagError({
    template: name,
    tag,
    tags: tags.map((each) => each.tag).filter((each) => !isMarkTag(each)),
  });
}
