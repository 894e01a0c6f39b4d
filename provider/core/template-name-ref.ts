import * as z from "zod";
import { parseTemplateRef, TemplateRefError } from "../../sdk/wire/index.ts";

/** A reference to a logical template: `name` or `namespace/name`, without a tag or a build. */
export const TemplateNameRef = z.string().check((context) => {
  const message = problemOf(context.value);
  if (message !== undefined) context.issues.push({ code: "custom", input: context.value, message });
});

/** Any reference to a template. */
export const TemplateAnyRef = z.string().check((context) => {
  try {
    parseTemplateRef(context.value);
  } catch (error) {
    if (!(error instanceof TemplateRefError)) throw error;
    context.issues.push({ code: "custom", input: context.value, message: error.message });
  }
});

function problemOf(text: string): string | undefined {
  try {
    const ref = parseTemplateRef(text);
    if (ref.kind === "artifact") return "an artifact id names one build: give the template's name or canonicalRef";
    const qualifier = ref.tag ?? ref.buildId;
    return qualifier === undefined ? undefined : `must be the template alone, without ":${qualifier}"`;
  } catch (error) {
    if (error instanceof TemplateRefError) return error.message;
    throw error;
  }
}
