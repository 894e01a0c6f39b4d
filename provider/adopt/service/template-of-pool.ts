import { parseTemplateRef, TemplateRefError, type NamedRef } from "../../../sdk/wire/index.ts";
import type { FoundAlias, FoundTemplate } from "./found.ts";

/** The template that a pool names, and how it names it. */
export interface PoolTemplate {
  template: FoundTemplate;
  /** The alias that it is named by; absent when it is its own name. */
  alias?: FoundAlias;
  /** What follows the name: a tag or a build. */
  qualifier?: Pick<NamedRef, "tag" | "buildId">;
}

/**
 * Which of the templates a pool's reference names.
 *
 * @param namespace of a name that stands alone
 * @returns undefined when it is another one, or no reference by name
 */
export function templateOfPool(
  text: unknown,
  templates: readonly FoundTemplate[],
  namespace: string | undefined,
): PoolTemplate | undefined {
  const ref = typeof text === "string" ? readRef(text) : undefined;
  if (ref === undefined) return undefined;
  const space = ref.namespace ?? namespace;
  const name = space === undefined ? ref.name : `${space}/${ref.name}`;
  const { tag, buildId } = ref;
  const qualifier = tag === undefined && buildId === undefined ? {} : { qualifier: ref };
  for (const template of templates) {
    if (template.ref === name) return { template, ...qualifier };
    const alias = template.aliases.find(({ aliasRef }) => aliasRef === name);
    if (alias !== undefined) return { template, alias, ...qualifier };
  }
  return undefined;
}

function readRef(text: string): NamedRef | undefined {
  try {
    const ref = parseTemplateRef(text);
    return ref.kind === "name" ? ref : undefined;
  } catch (error) {
    if (error instanceof TemplateRefError) return undefined;
    throw error;
  }
}
