import type { BuildList } from "pulumi-nullspace/wire";
import { InvalidRequestError } from "../errors.ts";
import type { Database } from "../store/database.ts";
import type { BuildRecord } from "./build-record.ts";
import { buildSummary } from "./build-view.ts";

const DEFAULT_PAGE = 20;

/** Above every time and every id. */
const FIRST_PAGE: readonly [string, string] = ["~", "~"];

/** Which builds of a template, and which page of them. */
export interface BuildFilter {
  status?: string | undefined;
  backend?: string | undefined;
  source_type?: string | undefined;
  /** 1 to 100; default 20. */
  limit?: number | undefined;
  /** `next_cursor` of the page before. */
  cursor?: string | undefined;
}

/** Builds of a template, newest first by (created_at, build_id). */
export function listBuilds(db: Database, templateKey: number, filter: BuildFilter, retentionMs: number): BuildList {
  const limit = filter.limit ?? DEFAULT_PAGE;
  const [createdAt, buildId] = filter.cursor === undefined ? FIRST_PAGE : readCursor(filter.cursor);
  // Only what is asked for stands in the statement: a condition that may be left out is one that no index serves.
  const conditions = [
    "template_key = $key",
    "(created_at, build_id) < ($createdAt, $build)",
    ...(filter.status === undefined ? [] : ["status = $status"]),
    ...(filter.backend === undefined ? [] : ["build_backend = $backend"]),
    ...(filter.source_type === undefined ? [] : ["source_type = $sourceType"]),
  ];
  const rows = db.all<BuildRecord>(
    `SELECT * FROM builds WHERE ${conditions.join(" AND ")} ORDER BY created_at DESC, build_id DESC LIMIT $limit`,
    {
      $key: templateKey,
      ...(filter.status !== undefined && { $status: filter.status }),
      ...(filter.backend !== undefined && { $backend: filter.backend }),
      ...(filter.source_type !== undefined && { $sourceType: filter.source_type }),
      $createdAt: createdAt,
      $build: buildId,
      // One more than asked for tells whether there is a next page.
      $limit: limit + 1,
    },
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    builds: page.map((record) => buildSummary(db, record, retentionMs)),
    ...(rows.length > limit && last !== undefined && { next_cursor: writeCursor(last) }),
  };
}

function writeCursor({ created_at, build_id }: BuildRecord): string {
  return Buffer.from(`${created_at} ${build_id}`).toString("base64url");
}

function readCursor(cursor: string): readonly [string, string] {
  const [createdAt, buildId] = Buffer.from(cursor, "base64url").toString("utf8").split(" ");
  if (!createdAt || !buildId?.startsWith("tb_")) {
    throw new InvalidRequestError(
      "cursor: this is not a cursor. Pass the next_cursor of the page before, or leave it out.",
    );
  }
  return [createdAt, buildId];
}
