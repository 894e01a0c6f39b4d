// Made by `npm run generate` from the schemas in provider/core: change those, not this.
import type * as pulumi from "@pulumi/pulumi";
import { resourceWith, withSecretOutputs } from "../../classes/resource-properties.ts";
import { dynamicInputs } from "../../dynamic/dynamic-inputs.ts";
import { dynamicToken } from "../../dynamic/provider-text.ts";
import { TEMPLATE_TAG_PROPERTIES } from "../types/template-tag.ts";
import type { TemplateTagArgs, TemplateTagOutputs, TemplateTagState } from "../types/template-tag.ts";

/**
 * A tag of a template, pointing at one build. Moving it promotes that build, from stack to stack too, without building anything.
 *
 * @example
 * ```ts
 * const stable = new TemplateTag("stable", { template: web.name, tag: "stable", buildId: web.buildId });
 * ```
 */
export class TemplateTag extends resourceWith<TemplateTagOutputs>() {
  /** @param args inputs; everything else is computed */
  constructor(name: string, args: TemplateTagArgs, options: pulumi.CustomResourceOptions = {}) {
    super(
      dynamicToken("TemplateTag"),
      name,
      dynamicInputs("TemplateTag", name, TEMPLATE_TAG_PROPERTIES, args, options),
      withSecretOutputs(TEMPLATE_TAG_PROPERTIES, options),
    );
  }

  /** Looks up one that exists, by its ID, without managing it. */
  static get(
    name: string,
    id: pulumi.Input<pulumi.ID>,
    state: TemplateTagState = {},
    options: pulumi.CustomResourceOptions = {},
  ): TemplateTag {
    return new TemplateTag(name, state as TemplateTagArgs, { ...options, id });
  }

  /** Is the value a `TemplateTag`, of whatever copy of this package? */
  static override isInstance(value: unknown): value is TemplateTag {
    return (value as { __pulumiType?: unknown } | null | undefined)?.__pulumiType === dynamicToken("TemplateTag");
  }
}
