import type { TemplateInfo } from "pulumi-nullspace/wire";
import { TemplateNotFoundError } from "../errors.ts";
import type { Database } from "../store/database.ts";
import { liveTemplates } from "../store/templates.ts";
import { canonicalRefOf } from "./logical-template.ts";
import { describeRef } from "./template-view.ts";

/**
 * One row for each logical template that has something to start from (its default tag's artifact): builtins first, then
 * by canonical ref.
 */
export function listTemplates(db: Database): TemplateInfo[] {
  return liveTemplates(db).flatMap((template) => {
    try {
      return [describeRef(db, canonicalRefOf(template))];
    } catch (error) {
      // Nothing ready yet, or its artifact is past its retention: there is no artifact to show.
      if (error instanceof TemplateNotFoundError) return [];
      throw error;
    }
  });
}
