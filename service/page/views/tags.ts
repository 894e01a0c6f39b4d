import { ResourceNotFoundError } from "../../errors.ts";
import { isBefore } from "../../store/build-lists.ts";
import { findBuild, type BuildRow, type BuildState } from "../../store/builds.ts";
import { artifactOfBuild } from "../../store/artifacts.ts";
import type { Database } from "../../store/database.ts";
import { buildOfTag } from "../../store/tags.ts";
import { tagMoves, type TagMoveRow } from "../../store/tag-moves.ts";
import { promotability } from "../../builds/build-view.ts";
import { getBuild } from "../../builds/build-record.ts";
import { canonicalRefOf } from "../../templates/logical-template.ts";
import { numberOf, pageOf, type Listed } from "./cursor.ts";
import { templateOf } from "./templates.ts";
import type { TemplateName } from "./overview.ts";

const MOVES = 25;

/** One move of a tag. */
export interface TagMove {
  at: string;
  by: string;
  /** Absent: the tag was new. */
  from?: string;
  /** Absent: the tag was taken away. */
  to?: string;
  /** Whether the tag could be moved back to `to` now. */
  canReturn: boolean;
}

export interface TagHistory {
  template: TemplateName;
  tag: string;
  /** Where it points now; absent: it is not there. */
  now?: { buildId: string; status: BuildState; createdAt: string };
  moves: Listed<TagMove>;
  isBuiltin: boolean;
}

/** Where a tag has pointed, newest first. @throws ResourceNotFoundError for a tag that never was */
export function tagHistory(
  db: Database,
  name: TemplateName,
  tag: string,
  { after }: { after?: string | undefined },
): TagHistory {
  const template = templateOf(db, name);
  const now = buildOfTag(db, template.templateKey, tag);
  const before = after === undefined ? Number.MAX_SAFE_INTEGER : numberOf(after);
  const rows = tagMoves(db, { templateKey: template.templateKey, tag, before, limit: MOVES + 1 });
  if (now === undefined && rows.length === 0) throw noTag(template, tag);
  const build = now === undefined ? undefined : findBuild(db, now);
  return {
    template: { namespace: template.namespace, name: template.name },
    tag,
    ...(build !== undefined && {
      now: { buildId: build.buildId, status: build.status, createdAt: build.createdAt },
    }),
    moves: pageOf(
      rows,
      MOVES,
      (row) => moveOf(db, row, now),
      ({ eventId }) => String(eventId),
    ),
    isBuiltin: template.builtin,
  };
}

function moveOf(db: Database, { at, actor, fromBuild, toBuild }: TagMoveRow, now: string | undefined): TagMove {
  return {
    at,
    by: actor,
    ...(fromBuild !== null && { from: fromBuild }),
    ...(toBuild !== null && { to: toBuild }),
    canReturn: toBuild !== null && toBuild !== now && canPromote(db, toBuild),
  };
}

function canPromote(db: Database, buildId: string): boolean {
  const build = findBuild(db, buildId);
  return build !== undefined && promotability(build, artifactOfBuild(db, buildId)).promotable;
}

function noTag(template: TemplateName, tag: string): ResourceNotFoundError {
  return new ResourceNotFoundError(
    "template_tag_not_found",
    `Template ${canonicalRefOf(template)} has no tag "${tag}".`,
  );
}

/** A build as a move names it. */
export interface MovedBuild {
  buildId: string;
  status: BuildState;
  createdAt: string;
  by: string;
}

/** A move that waits for its confirmation. */
export interface PlannedMove {
  template: TemplateName;
  tag: string;
  /** Where the tag points now; absent: it will be new. */
  from?: MovedBuild;
  to: MovedBuild;
  /** Whether the tag goes to a build that is older than the one it leaves. */
  isBack: boolean;
  /** Why it cannot be moved there. */
  problem?: string;
}

/** What a move would do. @throws ResourceNotFoundError */
export function plannedMove(db: Database, name: TemplateName, tag: string, to: string): PlannedMove {
  const template = templateOf(db, name);
  const target = getBuild(db, to);
  if (target.templateKey !== template.templateKey) {
    throw new ResourceNotFoundError(
      "template_build_not_found",
      `Template ${canonicalRefOf(template)} has no build "${to}".`,
    );
  }
  const now = buildOfTag(db, template.templateKey, tag);
  const from = now === undefined ? undefined : getBuild(db, now);
  const { promotable, status, reason } = promotability(target, artifactOfBuild(db, to));
  return {
    template: { namespace: template.namespace, name: template.name },
    tag,
    ...(from !== undefined && { from: movedBuild(from) }),
    to: movedBuild(target),
    isBack: from !== undefined && isBefore(db, target.buildId, from.buildId),
    ...(!promotable && { problem: reason ?? status }),
    ...(now === to && { problem: "the tag points at it already" }),
  };
}

function movedBuild({ buildId, status, createdAt, triggeredBy }: BuildRow): MovedBuild {
  return { buildId, status, createdAt, by: triggeredBy };
}
