import * as z from "zod";
import { BUILD_ID, NAMESPACE_SLUG, TAG_NAME, TEMPLATE_ID, TEMPLATE_NAME, type PartRule } from "./ref-grammar.ts";

/** Name of a logical template: one segment, lower case, 1 to 128 characters. */
export const TemplateName = part(TEMPLATE_NAME);
export type TemplateName = z.infer<typeof TemplateName>;

/** A tag: 1 to 128 characters. `tb_` and `tmpl_` are taken: they begin the ids of builds and artifacts. */
export const TagName = part(TAG_NAME);
export type TagName = z.infer<typeof TagName>;

/** Slug of a namespace (`acme`, `acme-labs`), or the UUID of an owner from before there were slugs. */
export const NamespaceSlug = part(NAMESPACE_SLUG);
export type NamespaceSlug = z.infer<typeof NamespaceSlug>;

/** Id of a build: `tb_…`. */
export const BuildId = part(BUILD_ID);
export type BuildId = z.infer<typeof BuildId>;

/** Id of an artifact, what a successful build leaves: `tmpl_…`. */
export const TemplateId = part(TEMPLATE_ID);
export type TemplateId = z.infer<typeof TemplateId>;

function part({ pattern, rule }: PartRule): z.ZodString {
  return z.string().regex(pattern, { error: rule });
}
