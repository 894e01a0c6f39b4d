import { Expression, type ProgramInput, type ProgramResource } from "../program/program.ts";
import type { Shell } from "../shell.ts";
import type { FoundAlias, FoundTag, FoundTemplate } from "./found.ts";
import { ownedComment } from "./owned-comment.ts";

/** A tag as a resource, which has no name yet. */
export function tagResource(
  { tag, buildId, owner }: FoundTag,
  { variable, template }: { variable: string; template: FoundTemplate },
  shell: Shell,
): Omit<ProgramResource, "name" | "variable"> {
  return {
    type: "TemplateTag",
    comment: ownedComment(owner, `${template.ref}:${tag}`),
    inputs: [
      { name: "template", value: new Expression(`${variable}.name`, [variable]) },
      { name: "tag", value: tag },
      buildInput(buildId, variable, template),
      ...adoptInput(shell),
    ],
  };
}

/** No tag moves that was not told to: a template that is built again, or from other files, may not be meant for it. */
function buildInput(buildId: string, variable: string, template: FoundTemplate): ProgramInput {
  const comment = buildId === template.liveBuild ? [`\`${variable}.buildId\` would move it to each new build.`] : [];
  return { name: "buildId", value: buildId, comment };
}

/** An alias as a resource, which has no name yet. */
export function aliasResource(
  { alias, aliasRef, owner }: FoundAlias,
  variable: string,
  shell: Shell,
): Omit<ProgramResource, "name" | "variable"> {
  return {
    type: "TemplateAlias",
    comment: ownedComment(owner, aliasRef),
    inputs: [
      { name: "template", value: new Expression(`${variable}.name`, [variable]) },
      { name: "alias", value: alias },
      ...adoptInput(shell),
    ],
  };
}

/** What cannot be imported is taken over when it is created. */
export function adoptInput(shell: Shell): ProgramInput[] {
  return shell === "dynamic" ? [{ name: "adopt", value: true }] : [];
}
