import type { Mark } from "../../core/ownership/mark.ts";
import { splitRef } from "../../core/template/settle.ts";
import type { Program, ProgramResource } from "../program/program.ts";
import { ProgramNames } from "../program/names.ts";
import { MODULES, type Shell } from "../shell.ts";
import { adoptionComment } from "./adoption-comment.ts";
import type { Found, FoundTemplate } from "./found.ts";
import { poolResource, type KnownTemplate } from "./pool-resource.ts";
import { aliasResource, tagResource } from "./name-resources.ts";
import { liveTags, templateResource } from "./template-resource.ts";

/** A resource of the program, and what it is at the service. */
export interface AdoptedResource extends ProgramResource {
  /** What `pulumi import` takes. */
  id: string;
  /** Another Pulumi resource has made it. */
  isOwned: boolean;
}

/** How what was found becomes code. */
export interface Adoption extends Program {
  shell: Shell;
  resources: readonly AdoptedResource[];
}

/** Makes a program of what was found, in which the resources refer to each other. */
export function planAdoption({ templates, pools, namespace }: Found, shell: Shell): Adoption {
  const names = new ProgramNames();
  const known: KnownTemplate[] = [];
  const resources = templates.flatMap((template) => {
    const { names: own, resources: made } = planTemplate(template, names, shell);
    known.push(own);
    return made;
  });
  for (const pool of pools) {
    const resource = poolResource(pool, known, namespace, shell);
    resources.push(adopted({ ...resource, name: names.resource("pool", pool.name, "pool") }, pool.id, pool.owner));
  }
  return { shell, module: MODULES[shell], comment: adoptionComment(shell), resources };
}

/** A template, then its tags and aliases. */
function planTemplate(
  template: FoundTemplate,
  names: ProgramNames,
  shell: Shell,
): { names: KnownTemplate; resources: AdoptedResource[] } {
  const { name } = splitRef(template.ref);
  const variable = names.variable("template", name);
  const resource = { ...templateResource(template, shell), variable, name: names.resource("template", name) };
  const resources = [adopted(resource, template.ref, template.owner)];
  const tags = new Map<string, string>();
  const live = liveTags(template);
  for (const tag of template.tags.filter((one) => !live.includes(one.tag))) {
    const constant = names.variable("tag", name, tag.tag);
    tags.set(tag.tag, constant);
    const named = { variable: constant, name: names.resource("tag", name, tag.tag) };
    const made = { ...tagResource(tag, { variable, template }, shell), ...named };
    resources.push(adopted(made, `${template.ref}:${tag.tag}`, tag.owner));
  }
  const aliases = new Map<string, string>();
  for (const alias of template.aliases) {
    const constant = names.variable("alias", name, alias.alias);
    aliases.set(alias.aliasRef, constant);
    const named = { variable: constant, name: names.resource("alias", name, alias.alias) };
    resources.push(adopted({ ...aliasResource(alias, variable, shell), ...named }, alias.aliasRef, alias.owner));
  }
  return { names: { template, variable, tags, aliases }, resources };
}

function adopted(resource: ProgramResource, id: string, owner: Mark | undefined): AdoptedResource {
  return { ...resource, id, isOwned: owner !== undefined };
}
