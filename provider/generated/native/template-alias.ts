// Made by `npm run generate` from the schemas in provider/core: change those, not this.
import type * as pulumi from "@pulumi/pulumi";
import { resourceWith, toRegistered, withSecretOutputs } from "../../classes/resource-properties.ts";
import { nativeOptions, nativeToken } from "../../native/native-resource.ts";
import { TEMPLATE_ALIAS_PROPERTIES } from "../types/template-alias.ts";
import type { TemplateAliasArgs, TemplateAliasOutputs, TemplateAliasState } from "../types/template-alias.ts";

/**
 * Another name for a template in its namespace, usable wherever a template is named.
 *
 * @example
 * ```ts
 * const website = new TemplateAlias("website", { template: web.name, alias: "website" });
 * ```
 */
export class TemplateAlias extends resourceWith<TemplateAliasOutputs>() {
  /** @param args inputs; everything else is computed */
  constructor(name: string, args: TemplateAliasArgs, options: pulumi.CustomResourceOptions = {}) {
    super(
      nativeToken("TemplateAlias"),
      name,
      toRegistered(TEMPLATE_ALIAS_PROPERTIES, args),
      nativeOptions(withSecretOutputs(TEMPLATE_ALIAS_PROPERTIES, options)),
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
    return (value as { __pulumiType?: unknown } | null | undefined)?.__pulumiType === nativeToken("TemplateAlias");
  }
}
