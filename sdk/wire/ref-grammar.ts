import { anyText, check as checkArgument, like } from "../arguments/index.ts";
import { TemplateRefError } from "./errors.ts";

/** A part of a reference: how it must look, and that in words. No zod here: programs that only name things do without it. */
export interface PartRule {
  readonly pattern: RegExp;
  readonly rule: string;
}

export const TEMPLATE_NAME: PartRule = {
  pattern: /^(?!tb_|tmpl_)[a-z0-9][a-z0-9._-]{0,127}$/,
  rule: "must be 1 to 128 characters of a-z, 0-9, '.', '_' or '-', begin with a letter or digit, and not begin with tb_ or tmpl_",
};

export const TAG_NAME: PartRule = {
  pattern: /^(?!tb_|tmpl_)[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/,
  rule: "must be 1 to 128 characters of A-Z, a-z, 0-9, '.', '_' or '-', begin with a letter, digit or '_', and not begin with tb_ or tmpl_",
};

export const NAMESPACE_SLUG: PartRule = {
  pattern:
    /^(?=.{1,128}$)(?:[a-z0-9]+(?:-[a-z0-9]+)*|[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12})$/,
  rule: "must be lower-case words of a-z and 0-9 joined by single '-', 128 characters at most, or a UUID",
};

export const BUILD_ID: PartRule = { pattern: /^tb_[A-Za-z0-9_-]{1,125}$/, rule: "must be a build id (tb_…)" };

export const TEMPLATE_ID: PartRule = {
  pattern: /^tmpl_[A-Za-z0-9_-]{1,123}$/,
  rule: "must be an artifact id (tmpl_…)",
};

/** A raw artifact: `tmpl_…`. */
export interface ArtifactRef {
  kind: "artifact";
  templateId: string;
}

/** A logical template by name, with at most one qualifier: a tag or an exact build. */
export interface NamedRef {
  kind: "name";
  /** Absent: the reader's default namespace. */
  namespace?: string;
  name: string;
  tag?: string;
  buildId?: string;
}

/** What a template reference says. */
export type TemplateRef = ArtifactRef | NamedRef;

/**
 * Reads a template reference: `tmpl_x`, `name`, `name:tag`, `name:tb_x`, each name optionally behind `namespace/`.
 *
 * @throws TemplateRefError when the text is none of these
 * @example
 * ```ts
 * parseTemplateRef("acme/web:stable"); // { kind: "name", namespace: "acme", name: "web", tag: "stable" }
 * ```
 */
export function parseTemplateRef(text: string): TemplateRef {
  checkArgument("parseTemplateRef", { text: anyText }, { text });
  if (text.startsWith("tmpl_") && !/[/:]/.test(text)) {
    if (!TEMPLATE_ID.pattern.test(text))
      throw new TemplateRefError(text, "an artifact id is tmpl_ and letters, digits, '_' or '-'");
    return { kind: "artifact", templateId: text };
  }
  const slash = text.indexOf("/");
  const namespace = slash < 0 ? undefined : text.slice(0, slash);
  const rest = text.slice(slash + 1);
  const colon = rest.indexOf(":");
  const name = colon < 0 ? rest : rest.slice(0, colon);
  const qualifier = colon < 0 ? undefined : rest.slice(colon + 1);

  if (namespace !== undefined) check(NAMESPACE_SLUG, namespace, text, "the namespace");
  check(TEMPLATE_NAME, name, text, "the name");
  const ref: NamedRef = { kind: "name", ...(namespace !== undefined && { namespace }), name };
  if (qualifier === undefined) return ref;
  if (qualifier.startsWith("tb_")) {
    check(BUILD_ID, qualifier, text, "the build");
    return { ...ref, buildId: qualifier };
  }
  check(TAG_NAME, qualifier, text, "the tag");
  return { ...ref, tag: qualifier };
}

const REF = like(
  "a reference, such as parseTemplateRef gives",
  ({ kind, templateId, name }) =>
    (kind === "artifact" && typeof templateId === "string") || (kind === "name" && typeof name === "string"),
);

/**
 * Prints a reference; `parseTemplateRef(formatTemplateRef(ref))` is `ref` again.
 *
 * @example
 * ```ts
 * formatTemplateRef({ kind: "name", namespace: "acme", name: "web", tag: "stable" }); // "acme/web:stable"
 * ```
 */
export function formatTemplateRef(ref: TemplateRef): string {
  checkArgument("formatTemplateRef", { ref: REF }, { ref });
  if (ref.kind === "artifact") return ref.templateId;
  const qualifier = ref.buildId ?? ref.tag;
  return (
    (ref.namespace === undefined ? "" : `${ref.namespace}/`) +
    ref.name +
    (qualifier === undefined ? "" : `:${qualifier}`)
  );
}

function check({ pattern, rule }: PartRule, part: string, ref: string, what: string): void {
  if (!pattern.test(part)) throw new TemplateRefError(ref, `${what} "${part}" ${rule}`);
}
