import type { BuildList } from "pulumi-nullspace/wire";
import { InvalidRequestError } from "../errors.ts";
import { buildsOf } from "../store/builds.ts";
import type { Database } from "../store/database.ts";
import { buildSummary } from "./build-view.ts";

const DEFAULT_PAGE = 20;

/** Which builds of a template, and which page of them. */
export interface BuildFilter {
  status?: string | undefined;
  backend?: string | undefined;
  source_type?: string | undefined;
  /**
   * 1 to 100.
   *
   * @default 20
   */
  limit?: number | undefined;
  /** `next_cursor` of the page before. */
  cursor?: string | undefined;
}

/** Builds of a template, or of all, the one accepted last first. */
export function listBuilds(
  db: Database,
  templateKey: number | undefined,
  filter: BuildFilter,
  retentionMs: number,
): BuildList {
  const limit = filter.limit ?? DEFAULT_PAGE;
  const rows = buildsOf(db, templateKey, {
    status: filter.status,
    buildBackend: filter.backend,
    sourceType: filter.source_type,
    before: filter.cursor === undefined ? undefined : readCursor(filter.cursor),
    // One more than asked for tells whether there is a next page.
    limit: limit + 1,
  });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    builds: page.map((record) => buildSummary(db, record, retentionMs)),
    ...(rows.length > limit && last !== undefined && { next_cursor: writeCursor(last.seq) }),
  };
}

function writeCursor(seq: number): string {
  return Buffer.from(`builds before ${seq}`).toString("base64url");
}

function readCursor(cursor: string): number {
  const [, seq] = /^builds before (\d+)$/.exec(Buffer.from(cursor, "base64url").toString("utf8")) ?? [];
  if (seq === undefined) {
    throw new InvalidRequestError(
      "cursor: this is not a cursor. Pass the next_cursor of the previous page, or leave it out.",
    );
  }
  return Number(seq);
}
