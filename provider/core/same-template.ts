import { formatTemplateRef, parseTemplateRef, TemplateRefError } from "../../sdk/wire/index.ts";
import type { Properties } from "./properties.ts";
import { serviceOf } from "./service-identity/service-outputs.ts";
import { UNKNOWN } from "./unknown.ts";

/**
 * Do both texts name the same template (and tag or build)? `name` and `<own namespace>/name` do.
 *
 * @param ownNamespace undefined when it is not known: then both must be written alike
 */
export function isSameTemplate(left: unknown, right: unknown, ownNamespace: string | undefined): boolean {
  if (left === right) return left !== UNKNOWN;
  if (typeof left !== "string" || typeof right !== "string" || ownNamespace === undefined) return false;
  const [a, b] = [left, right].map((text) => qualify(text, ownNamespace));
  return a !== undefined && a === b;
}

/** Do both bags of inputs name the same template, as far as the resource's outputs tell whose namespace is meant? */
export function namesSameTemplate(olds: Properties, news: Properties, oldOutputs: Properties | undefined): boolean {
  return isSameTemplate(olds.template, news.template, ownNamespaceOf(oldOutputs));
}

/** The reader's own namespace as far as a resource's outputs tell. */
export function ownNamespaceOf(outputs: Properties | undefined): string | undefined {
  return serviceOf(outputs)?.namespace;
}

function qualify(text: string, ownNamespace: string): string | undefined {
  try {
    const ref = parseTemplateRef(text);
    return ref.kind === "artifact" ? text : formatTemplateRef({ ...ref, namespace: ref.namespace ?? ownNamespace });
  } catch (error) {
    if (error instanceof TemplateRefError) return undefined;
    throw error;
  }
}
