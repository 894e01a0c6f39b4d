import type { TagMoveList, TagMoveQuery } from "pulumi-nullspace/wire";
import { InvalidRequestError } from "../errors.ts";
import type { Database } from "../store/database.ts";
import { tagMoves } from "../store/tag-moves.ts";
import { getLogicalTemplate } from "./logical-template.ts";
import { refuseBuiltin } from "./names.ts";

const DEFAULT_PAGE = 20;

/**
 * Where a tag of a template has pointed, newest first, from the record of changes. It goes on over renames of the template,
 * and says nothing of another one that had the name before.
 */
export function listTagMoves(
  db: Database,
  ref: string,
  { tag, limit = DEFAULT_PAGE, cursor }: TagMoveQuery,
): TagMoveList {
  const template = getLogicalTemplate(db, ref);
  refuseBuiltin(template, "asked for its tags");
  const rows = tagMoves(db, {
    templateKey: template.templateKey,
    tag,
    before: cursor === undefined ? Number.MAX_SAFE_INTEGER : readCursor(cursor),
    // One more than asked for tells whether there is a next page.
    limit: limit + 1,
  });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    moves: page.map(({ at, actor, fromBuild, toBuild }) => ({
      tag,
      ...(fromBuild !== null && { from_build_id: fromBuild }),
      ...(toBuild !== null && { to_build_id: toBuild }),
      moved_at: at,
      moved_by: actor,
    })),
    ...(rows.length > limit && last !== undefined && { next_cursor: String(last.eventId) }),
  };
}

function readCursor(cursor: string): number {
  if (/^[1-9]\d{0,14}$/.test(cursor)) return Number(cursor);
  throw new InvalidRequestError(
    "cursor: this is not a cursor. Pass the next_cursor of the previous page, or leave it out.",
  );
}
