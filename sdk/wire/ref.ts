import { z } from "zod";
import { TemplateRefError } from "./errors.ts";

const NAME = /^(?!tb_|tmpl_)[a-z0-9][a-z0-9._-]{0,127}$/;
const TAG = /^(?!tb_|tmpl_)[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const NAMESPACE =
  /^(?:[a-z0-9]+(?:-[a-z0-9]+)*|[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12})$/;
const BUILD_ID = /^tb_[A-Za-z0-9_-]{1,125}$/;
const TEMPLATE_ID = /^tmpl_[A-Za-z0-9_-]{1,123}$/;

/** Name of a logical template: one segment, lower case, 1 to 128 characters. */
export const TemplateName = z.string().regex(NAME, {
  error:
    "must be 1 to 128 characters of a-z, 0-9, '.', '_' or '-', begin with a letter or digit, and not begin with tb_ or tmpl_",
});
export type TemplateName = z.infer<typeof TemplateName>;

/** A tag: 1 to 128 characters. `tb_` and `tmpl_` are taken: they begin the ids of builds and artifacts. */
export const TagName = z.string().regex(TAG, {
  error:
    "must be 1 to 128 characters of A-Z, a-z, 0-9, '.', '_' or '-', begin with a letter, digit or '_', and not begin with tb_ or tmpl_",
});
export type TagName = z.infer<typeof TagName>;

/** Slug of a namespace (`acme`, `acme-labs`), or the UUID of an owner from before there were slugs. */
export const NamespaceSlug = z.string().max(128).regex(NAMESPACE, {
  error: "must be lower-case words of a-z and 0-9 joined by single '-', or a UUID",
});
export type NamespaceSlug = z.infer<typeof NamespaceSlug>;

/** Id of a build: `tb_…`. */
export const BuildId = z.string().regex(BUILD_ID, { error: "must be a build id (tb_…)" });
export type BuildId = z.infer<typeof BuildId>;

/** Id of an artifact, what a successful build leaves: `tmpl_…`. */
export const TemplateId = z.string().regex(TEMPLATE_ID, { error: "must be an artifact id (tmpl_…)" });
export type TemplateId = z.infer<typeof TemplateId>;

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
 */
export function parseTemplateRef(text: string): TemplateRef {
  if (text.startsWith("tmpl_") && !/[/:]/.test(text)) {
    if (!TEMPLATE_ID.test(text))
      throw new TemplateRefError(text, "an artifact id is tmpl_ and letters, digits, '_' or '-'");
    return { kind: "artifact", templateId: text };
  }
  const slash = text.indexOf("/");
  const namespace = slash < 0 ? undefined : text.slice(0, slash);
  const rest = text.slice(slash + 1);
  const colon = rest.indexOf(":");
  const name = colon < 0 ? rest : rest.slice(0, colon);
  const qualifier = colon < 0 ? undefined : rest.slice(colon + 1);

  if (namespace !== undefined) check(NamespaceSlug, namespace, text, "the namespace");
  check(TemplateName, name, text, "the name");
  const ref: NamedRef = { kind: "name", ...(namespace !== undefined && { namespace }), name };
  if (qualifier === undefined) return ref;
  if (qualifier.startsWith("tb_")) {
    check(BuildId, qualifier, text, "the build");
    return { ...ref, buildId: qualifier };
  }
  check(TagName, qualifier, text, "the tag");
  return { ...ref, tag: qualifier };
}

/** Prints a reference; `parseTemplateRef(formatTemplateRef(ref))` is `ref` again. */
export function formatTemplateRef(ref: TemplateRef): string {
  if (ref.kind === "artifact") return ref.templateId;
  const qualifier = ref.buildId ?? ref.tag;
  return (
    (ref.namespace === undefined ? "" : `${ref.namespace}/`) +
    ref.name +
    (qualifier === undefined ? "" : `:${qualifier}`)
  );
}

function check(schema: z.ZodType, part: string, ref: string, what: string): void {
  const parsed = schema.safeParse(part);
  if (!parsed.success) throw new TemplateRefError(ref, `${what} "${part}" ${parsed.error.issues[0]?.message}`);
}
