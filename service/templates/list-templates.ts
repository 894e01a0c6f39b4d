import type { TemplateInfo } from "pulumi-nullspace/wire";
import { TemplateNotFoundError } from "../errors.ts";
import type { Database } from "../store/database.ts";
import { describeRef } from "./template-view.ts";

/**
 * One row for each logical template that has something to start from (its default tag's artifact): builtins first, then
 * by canonical ref.
 */
export function listTemplates(db: Database): TemplateInfo[] {
  const rows = db.all<{ ref: string }>(
    `SELECT namespace || '/' || name AS ref FROM templates WHERE deleted_at IS NULL ORDER BY builtin DESC, ref`,
  );
  return rows.flatMap(({ ref }) => {
    try {
      return [describeRef(db, ref)];
    } catch (error) {
      // Nothing ready yet, or its artifact is past its retention: there is no artifact to show.
      if (error instanceof TemplateNotFoundError) return [];
      throw error;
    }
  });
}
