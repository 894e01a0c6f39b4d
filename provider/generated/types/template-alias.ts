// Made by `npm run generate` from the schemas in provider/core: change those, not this.
import type * as pulumi from "@pulumi/pulumi";
import type { ResourceProperties } from "../../classes/resource-properties.ts";
import type { ServiceRecordArgs, ServiceRecord } from "./shared-objects.ts";
/** Inputs of a {@link TemplateAlias}. */
export interface TemplateAliasArgs {
  /** Template that the alias refers to: `name` or `namespace/name`. Changing it moves the alias to the other template. */
  template: pulumi.Input<string>;
  /** The other name, one segment, in the template's namespace. */
  alias: pulumi.Input<string>;
  /**
   * Take over an alias of this name, of whichever template that exists already, whoever created it, and change it to what the program says. From then on it belongs to this resource, and is deleted with it. Only used when the resource is created.
   *
   * @default false
   */
  adopt?: pulumi.Input<boolean>;
}
/** What may be given to look up a {@link TemplateAlias} by its ID. */
export interface TemplateAliasState {
  /** Template that the alias refers to: `name` or `namespace/name`. Changing it moves the alias to the other template. */
  template?: pulumi.Input<string>;
  /** The other name, one segment, in the template's namespace. */
  alias?: pulumi.Input<string>;
  /**
   * Take over an alias of this name, of whichever template that exists already, whoever created it, and change it to what the program says. From then on it belongs to this resource, and is deleted with it. Only used when the resource is created.
   *
   * @default false
   */
  adopt?: pulumi.Input<boolean>;
  /** `namespace/alias`: resolves to the template wherever a template is named. */
  aliasRef?: pulumi.Input<string>;
  /** `namespace/name` of the template. */
  canonicalRef?: pulumi.Input<string>;
  /** The service that the resource belongs to. If the provider is configured for another one, previews say so, and nothing is changed or dropped from the state. */
  service?: pulumi.Input<ServiceRecordArgs>;
}
/** What a {@link TemplateAlias} has. */
export interface TemplateAliasOutputs {
  /** Template that the alias refers to: `name` or `namespace/name`. Changing it moves the alias to the other template. */
  readonly template: pulumi.Output<string>;
  /** The other name, one segment, in the template's namespace. */
  readonly alias: pulumi.Output<string>;
  /**
   * Take over an alias of this name, of whichever template that exists already, whoever created it, and change it to what the program says. From then on it belongs to this resource, and is deleted with it. Only used when the resource is created.
   *
   * @default false
   */
  readonly adopt: pulumi.Output<boolean>;
  /** `namespace/alias`: resolves to the template wherever a template is named. */
  readonly aliasRef: pulumi.Output<string>;
  /** `namespace/name` of the template. */
  readonly canonicalRef: pulumi.Output<string>;
  /** The service that the resource belongs to. If the provider is configured for another one, previews say so, and nothing is changed or dropped from the state. */
  readonly service: pulumi.Output<ServiceRecord | undefined>;
}
/** Names of the properties of a {@link TemplateAlias}. @internal */
export const TEMPLATE_ALIAS_PROPERTIES: ResourceProperties = {
  inputs: ["template", "alias", "adopt"],
  outputs: ["aliasRef", "canonicalRef", "service"],
  secrets: [],
};
