import type * as pulumi from "@pulumi/pulumi";
import { resourceWith, withSecretOutputs } from "../resources/resource-properties.ts";
import { TEMPLATE_ALIAS_PROPERTIES } from "../resources/template-alias.ts";
import type { TemplateAliasArgs, TemplateAliasOutputs, TemplateAliasState } from "../resources/template-alias.ts";
import { dynamicInputs } from "./dynamic-inputs.ts";
import { dynamicToken } from "./provider-text.ts";

/**
 * Another name of a template in its namespace.
 *
 * @example
 *   new TemplateAlias("site", { template: web.canonicalRef, alias: "site" });
 */
export class TemplateAlias extends resourceWith<TemplateAliasOutputs>() {
  /** @param args inputs; everything else is computed */
  constructor(name: string, args: TemplateAliasArgs, options: pulumi.CustomResourceOptions = {}) {
    super(
      dynamicToken("TemplateAlias"),
      name,
      dynamicInputs("TemplateAlias", name, TEMPLATE_ALIAS_PROPERTIES, args, options),
      withSecretOutputs(TEMPLATE_ALIAS_PROPERTIES, options),
    );
  }

  /** Looks up one that exists, by its ID, without managing it. */
  static get(
    name: string,
    id: pulumi.Input<pulumi.ID>,
    state: TemplateAliasState = {},
    options: pulumi.CustomResourceOptions = {},
  ): TemplateAlias {
    return new TemplateAlias(name, state as TemplateAliasArgs, { ...options, id });
  }

  /** Is the value a `TemplateAlias`, of whatever copy of this package? */
  static override isInstance(value: unknown): value is TemplateAlias {
    return (value as { __pulumiType?: unknown } | null | undefined)?.__pulumiType === dynamicToken("TemplateAlias");
  }
}
