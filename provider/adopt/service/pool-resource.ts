import { WarmPoolInputs } from "../../core/warm-pool/inputs.ts";
import { Expression, PULUMI, type ProgramInput, type ProgramResource } from "../program/program.ts";
import { quote } from "../program/quote.ts";
import type { Shell } from "../shell.ts";
import type { FoundPool, FoundTemplate } from "./found.ts";
import { adoptInput } from "./name-resources.ts";
import { ownedComment } from "./owned-comment.ts";
import { templateOfPool } from "./template-of-pool.ts";
import { withoutDefaults } from "./without-defaults.ts";

/** What a pool may refer to: a template of the program, its tags and aliases, by their constants. */
export interface KnownTemplate {
  template: FoundTemplate;
  variable: string;
  tags: ReadonlyMap<string, string>;
  aliases: ReadonlyMap<string, string>;
}

/** A pool as a resource, which has no name yet. */
export function poolResource(
  pool: FoundPool,
  known: readonly KnownTemplate[],
  namespace: string | undefined,
  shell: Shell,
): Omit<ProgramResource, "name" | "variable"> {
  const { name, template, trackTag, ...rest } = withoutDefaults(WarmPoolInputs, pool.inputs);
  // The service repeats the tag that the template names.
  const others = trackTag === undefined || tagIn(template) === trackTag ? rest : { ...rest, trackTag };
  return {
    type: "WarmPool",
    comment: ownedComment(pool.owner, pool.id),
    inputs: [
      { name: "name", value: name },
      templateInput(pool, known, namespace),
      ...Object.entries(others).map(([key, value]) => ({ name: key, value })),
      ...adoptInput(shell),
    ],
  };
}

function tagIn(template: unknown): string | undefined {
  return typeof template === "string" && template.includes(":") ? template.slice(template.indexOf(":") + 1) : undefined;
}

/** The template by reference to the program's resources, where it is of the program. */
function templateInput(
  { inputs }: FoundPool,
  known: readonly KnownTemplate[],
  namespace: string | undefined,
): ProgramInput {
  const text = inputs.template;
  const place = templateOfPool(
    text,
    known.map(({ template }) => template),
    namespace,
  );
  const names = known.find(({ template }) => template === place?.template);
  if (place === undefined || names === undefined) return { name: "template", value: text };
  const { tag, buildId } = place.qualifier ?? {};
  const alias = place.alias === undefined ? undefined : names.aliases.get(place.alias.aliasRef);
  const ofTag = tag === undefined || alias !== undefined ? undefined : names.tags.get(tag);
  if (ofTag !== undefined) {
    const comment =
      inputs.versionPolicy === "track_tag"
        ? [`With \`buildId: ${ofTag}.buildId\` an update waits until the pool has rolled to the tag's new build.`]
        : [];
    return { name: "template", value: new Expression(`${ofTag}.ref`, [ofTag]), comment };
  }
  const qualifier = tag ?? buildId;
  const constant = alias ?? names.variable;
  if (qualifier === undefined) {
    const member = alias === undefined ? "name" : "aliasRef";
    return { name: "template", value: new Expression(`${constant}.${member}`, [constant]) };
  }
  const ref = `${constant}.${alias === undefined ? "canonicalRef" : "aliasRef"}`;
  const joined = `${PULUMI}.concat(${ref}, ${quote(`:${qualifier}`)})`;
  return { name: "template", value: new Expression(joined, [PULUMI, constant]) };
}
