import type { OperationContext } from "../operation-context.ts";
import { isSameStack, type Mark } from "./mark.ts";

/** Who owns what a create found, for people. */
export function describeOwner(owner: Mark | undefined, own: Mark): string {
  if (owner === undefined) return "is not part of this stack";
  return isSameStack(owner, own) ? "belongs to another resource of this stack" : "belongs to another Pulumi stack";
}

/**
 * The ways out for a create that found its place taken by something that is not its own.
 *
 * @param type of the resource, such as `Template`
 * @param id what import takes
 */
export function takeoverWays({ shell }: Pick<OperationContext, "shell">, type: string, id: string): string {
  return [
    `to take it over, set adopt: true`,
    ...(shell.imports ? [`or run pulumi import ${shell.resourceToken(type)} <resource name> ${id}`] : []),
    `or, if the resource was only renamed or moved in the program, give it the option aliases, such as [{ name: "<old name>" }]`,
  ].join("; ");
}

/**
 * Notes that what a resource is about to make carries its own mark already.
 *
 * @param what in words: `template local/web`
 * @param isWhole it is complete: an interrupted run has made it, or a stack of the same names in another backend
 */
export function ownMarkNotice(what: string, isWhole: boolean): string {
  const notice = `continuing with ${what}, which an earlier run of this resource made`;
  if (!isWhole) return notice;
  return (
    `${notice}. Or a stack of the same organization, project and name has, in another backend: the service cannot tell them ` +
    "apart. If so, give one of them another name before one deletes what the other uses"
  );
}
