import type { Controller } from "../../core/controller.ts";
import { controllers } from "../../controllers.ts";
import { dynamicToken } from "../../dynamic/provider-text.ts";

/** The types that the report knows, by the tokens of both shells. */
const TYPES: ReadonlyMap<string, Controller> = new Map(
  Object.values(controllers).flatMap((controller): [string, Controller][] => [
    [`nullspace:index:${controller.type}`, controller],
    [dynamicToken(controller.type), controller],
  ]),
);

/** Names of the provider's types. */
export const TYPE_NAMES: readonly string[] = Object.keys(controllers);

/** The controller of a resource of ours; undefined for every other. */
export function controllerOf(urn: string): Controller | undefined {
  return TYPES.get(typeTokenOf(urn));
}

/** `urn:pulumi:stack::project::parent$type::name`, in its parts. */
export function typeTokenOf(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

/** The resource's name in the program. */
export function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

/** `project/stack` of a URN. */
export function stackOf(urn: string): string | undefined {
  const [stack, project] = urn.replace(/^urn:pulumi:/, "").split("::");
  return stack && project ? `${project}/${stack}` : undefined;
}
