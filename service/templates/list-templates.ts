import type { TemplateInfo } from "pulumi-nullspace/wire";
import type { Database } from "../store/database.ts";
import type { LogicalTemplate } from "./logical-template.ts";
import { BUILD_COLUMNS, defaultTag, newestLiveBuild, readArtifact, type LiveBuildRow } from "./resolve.ts";
import { describeArtifact } from "./template-view.ts";

type Row = LiveBuildRow &
  Pick<LogicalTemplate, "namespace" | "name" | "visibility"> & {
    builtin: number;
    defaultTag: string | null;
    /** JSON list. */
    tags: string;
  };

/**
 * One row for each logical template that has something to start from (its default tag's artifact): builtins first, then
 * by canonical ref. One statement, whose work does not grow with the builds that a template has had.
 */
export function listTemplates(db: Database): TemplateInfo[] {
  const rows = db.all<Row>(
    `WITH named AS (
       SELECT template_key, namespace, name, visibility, builtin, (${defaultTag("templates.template_key")}) AS defaultTag
       FROM templates WHERE deleted_at IS NULL
     )
     SELECT ${BUILD_COLUMNS}, t.namespace, t.name, t.visibility, t.builtin, t.defaultTag,
       (SELECT json_group_array(tag ORDER BY tag) FROM tags WHERE tags.build_id = b.build_id) AS tags
     FROM named t
     JOIN builds b ON b.build_id = CASE
       WHEN t.defaultTag IS NULL THEN (${newestLiveBuild("t.template_key")})
       ELSE (SELECT build_id FROM tags WHERE template_key = t.template_key AND tag = t.defaultTag) END
     JOIN artifacts a ON a.build_id = b.build_id
     -- Nothing ready yet, or its artifact is past its retention: there is no artifact to show.
     WHERE b.status = 'ready' AND a.state = 'available' AND a.image_missing_since IS NULL
     ORDER BY t.builtin DESC, t.namespace || '/' || t.name`,
  );
  return rows.map((row) => {
    const template: LogicalTemplate = { ...row, builtin: row.builtin === 1 };
    const named = row.defaultTag ?? undefined;
    return describeArtifact(readArtifact(row, template, named), template, {
      tags: JSON.parse(row.tags) as string[],
      defaultTag: named,
    });
  });
}
