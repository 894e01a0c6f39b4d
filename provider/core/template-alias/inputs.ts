import * as z from "zod";
import { TemplateName } from "../../../sdk/wire/index.ts";
import { adopt } from "../ownership/adopt-input.ts";
import { TemplateNameRef } from "../template-name-ref.ts";

/** Inputs of a `TemplateAlias`. */
export const TemplateAliasInputs = z.object({
  template: TemplateNameRef.describe(
    "Template that the alias refers to: `name` or `namespace/name`. Changing it moves the alias to the other template.",
  ).meta({ effect: "update", identity: true }),
  alias: TemplateName.describe("The other name, one segment, in the template's namespace.").meta({
    effect: "replace",
    identity: true,
  }),
  adopt: adopt("an alias of this name, of whichever template").meta({ effect: "ignore" }),
});
export type TemplateAliasInputs = z.infer<typeof TemplateAliasInputs>;

/** What a `TemplateAlias` has beside its inputs. */
export const TemplateAliasOutputs = z.object({
  aliasRef: z.string().describe("`namespace/alias`: resolves to the template wherever a template is named."),
  canonicalRef: z.string().describe("`namespace/name` of the template."),
});
export type TemplateAliasOutputs = z.infer<typeof TemplateAliasOutputs>;
