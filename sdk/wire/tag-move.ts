import * as z from "zod";
import { optionalText } from "./optional-members.ts";
import { TagName } from "./ref.ts";
import { Timestamp } from "./timestamp.ts";

/** One change of where a tag points, as reported by a service that keeps a record of them. */
export const TagMove = z
  .looseObject({
    tag: z.string(),
    from_build_id: optionalText.describe("tb_…; absent where the tag was new"),
    to_build_id: optionalText.describe("tb_…; absent where the tag was removed"),
    moved_at: Timestamp,
    moved_by: optionalText.describe("Who moved it"),
  })
  .meta({ id: "TagMove" });
export type TagMove = z.infer<typeof TagMove>;

/** One page of the moves of a tag, newest first. */
export const TagMoveList = z
  .looseObject({ moves: z.array(TagMove), next_cursor: optionalText })
  .meta({ id: "TagMoveList" });
export type TagMoveList = z.infer<typeof TagMoveList>;

/** Which tag, and which page of its moves. */
export const TagMoveQuery = z
  .object({
    tag: TagName,
    limit: z.int().min(1).max(100).optional().describe("Default 20"),
    cursor: z.string().min(1).optional().describe("next_cursor of the previous page"),
  })
  .meta({ id: "TagMoveQuery" });
export type TagMoveQuery = z.infer<typeof TagMoveQuery>;
