import { parseTemplateRef } from "pulumi-nullspace/sdk";
import { TemplateNotFoundError } from "../../errors.ts";
import type { Database } from "../../store/database.ts";
import type { PoolRow } from "../../store/warm-pools.ts";
import { findLogicalTemplate } from "../../templates/logical-template.ts";
import { resolveTemplate } from "../../templates/resolve.ts";

/**
 * The `template` filter of the pool list: a bare name means every pool of that template, a tag, build or artifact the
 * pools that hold just that artifact now. The very text that a pool was made with always finds it.
 *
 * @throws TemplateRefError when the text is no reference
 */
export function createTemplateFilter(db: Database, text: string): (pool: PoolRow) => boolean {
  const ref = parseTemplateRef(text);
  if (ref.kind === "name" && ref.tag === undefined && ref.buildId === undefined) {
    const wanted = findLogicalTemplate(db, ref)?.templateKey;
    return (pool) => pool.templateRef === text || (wanted !== undefined && templateKeyOf(db, pool) === wanted);
  }
  const templateId = resolvedId(db, text);
  return (pool) => pool.templateRef === text || pool.templateId === templateId;
}

function templateKeyOf(db: Database, pool: PoolRow): number | undefined {
  return findLogicalTemplate(db, { kind: "artifact", templateId: pool.templateId })?.templateKey;
}

function resolvedId(db: Database, ref: string): string | undefined {
  try {
    return resolveTemplate(db, ref).templateId;
  } catch (error) {
    // A filter that means nothing finds nothing.
    if (error instanceof TemplateNotFoundError) return undefined;
    throw error;
  }
}
