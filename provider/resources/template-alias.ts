// Made by `npm run generate` from the schemas in provider/core: change those, not this.
import type * as pulumi from "@pulumi/pulumi";
import type { ResourceProperties } from "./resource-properties.ts";
/** Inputs of a {@link TemplateAlias}. */
export interface TemplateAliasArgs {
  /** Template that the alias stands for: `name` or `namespace/name`. */
  template: pulumi.Input<string>;
  /** The other name, one segment, in the template's namespace. */
  alias: pulumi.Input<string>;
}
/** What may be given to look up a {@link TemplateAlias} by its ID. */
export interface TemplateAliasState {
  /** Template that the alias stands for: `name` or `namespace/name`. */
  template?: pulumi.Input<string>;
  /** The other name, one segment, in the template's namespace. */
  alias?: pulumi.Input<string>;
  /** `namespace/alias`: resolves to the template wherever a template is named. */
  aliasRef?: pulumi.Input<string>;
  /** `namespace/name` of the template. */
  canonicalRef?: pulumi.Input<string>;
}
/** What a {@link TemplateAlias} has. */
export interface TemplateAliasOutputs {
  /** Template that the alias stands for: `name` or `namespace/name`. */
  readonly template: pulumi.Output<string>;
  /** The other name, one segment, in the template's namespace. */
  readonly alias: pulumi.Output<string>;
  /** `namespace/alias`: resolves to the template wherever a template is named. */
  readonly aliasRef: pulumi.Output<string>;
  /** `namespace/name` of the template. */
  readonly canonicalRef: pulumi.Output<string>;
}
/** Names of the properties of a {@link TemplateAlias}. */
export const TEMPLATE_ALIAS_PROPERTIES: ResourceProperties = {
  inputs: ["template", "alias"],
  outputs: ["aliasRef", "canonicalRef"],
  secrets: [],
};
