import type { TemplateInfo } from "pulumi-nullspace/wire";
import { usableTemplates } from "../store/builds.ts";
import type { Database } from "../store/database.ts";
import type { LogicalTemplate } from "./logical-template.ts";
import { DEFAULT_TAGS, readArtifact } from "./resolve.ts";
import { describeArtifact } from "./template-view.ts";

/**
 * One row for each logical template that has something to start from (its default tag's artifact): builtins first, then
 * by canonical ref.
 */
export function listTemplates(db: Database): TemplateInfo[] {
  return usableTemplates(db, DEFAULT_TAGS).map((row) => {
    const template: LogicalTemplate = { ...row, builtin: row.builtin === 1 };
    const defaultTag = row.defaultTag ?? undefined;
    return describeArtifact(readArtifact(row, template, defaultTag), template, {
      tags: JSON.parse(row.tags) as string[],
      defaultTag,
    });
  });
}
