import { NAMESPACE_SLUG } from "../wire/ref-grammar.ts";
import { TemplateArgumentError } from "./errors.ts";

/**
 * A template as a base, as the service wants it: a bare name is a built-in template (`nullspace/name:latest`), templates
 * of your own need their namespace, `tmpl_…` is an artifact.
 */
export function normalizeBaseRef(ref: string): string {
  const text = ref.trim();
  const refuse = (problem: string): never => {
    throw new TemplateArgumentError("fromTemplate: ref", `${JSON.stringify(ref)} ${problem}`);
  };
  if (text === "") refuse("is empty");
  if (text.startsWith("tmpl_") && !/[/:]/.test(text)) return text;

  const slash = text.indexOf("/");
  const namespace = slash < 0 ? undefined : text.slice(0, slash);
  const rest = text.slice(slash + 1);
  // The last colon: names of old services may hold one themselves.
  const colon = rest.lastIndexOf(":");
  const name = (colon < 0 ? rest : rest.slice(0, colon)).trim();
  const qualifier = colon < 0 ? undefined : rest.slice(colon + 1).trim();
  if (name === "" || qualifier === "" || /\//.test(name + (qualifier ?? ""))) {
    refuse("is not a template: use name, name:tag, namespace/name:tag or tmpl_…");
  }
  if (namespace === undefined) {
    if (qualifier?.startsWith("tb_")) return `${name}:${qualifier}`;
    return `nullspace/${name}:${qualifier ?? "latest"}`;
  }
  if (namespace === "nullspace") {
    if (qualifier === undefined) refuse("needs a tag: built-in templates are nullspace/name:tag");
    return `nullspace/${name}:${qualifier}`;
  }
  if (!NAMESPACE_SLUG.pattern.test(namespace)) refuse(`has no namespace in front: "${namespace}"`);
  return text;
}
