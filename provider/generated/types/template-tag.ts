// Made by `npm run generate` from the schemas in provider/core: change those, not this.
import type * as pulumi from "@pulumi/pulumi";
import type { ResourceProperties } from "../../classes/resource-properties.ts";
import type { ServiceRecordArgs, ServiceRecord } from "./shared-objects.ts";
/** Inputs of a {@link TemplateTag}. */
export interface TemplateTagArgs {
  /** Template that the tag belongs to: `name` or `namespace/name`. If it changes, the tag is created on the new template before it is removed from the old one. */
  template: pulumi.Input<string>;
  /** The tag. */
  tag: pulumi.Input<string>;
  /** Build that the tag points at, `tb_…`; a StackReference gives it from another stack. Changing it moves the tag in one step, so that it is never missing. */
  buildId: pulumi.Input<string>;
  /**
   * Build that the tag must point at when it is moved, such as the one that was reviewed: if someone else has moved the tag since, the update fails and moves nothing. Changing it alone does nothing.
   *
   * @default whatever is there
   */
  expectedBuildId?: pulumi.Input<string>;
  /**
   * Take over a tag of this name that exists already, whoever created it, and change it to what the program says. From then on it belongs to this resource, and is deleted with it. Only used when the resource is created.
   *
   * @default false
   */
  adopt?: pulumi.Input<boolean>;
}
/** What may be given to look up a {@link TemplateTag} by its ID. */
export interface TemplateTagState {
  /** Template that the tag belongs to: `name` or `namespace/name`. If it changes, the tag is created on the new template before it is removed from the old one. */
  template?: pulumi.Input<string>;
  /** The tag. */
  tag?: pulumi.Input<string>;
  /** Build that the tag points at, `tb_…`; a StackReference gives it from another stack. Changing it moves the tag in one step, so that it is never missing. */
  buildId?: pulumi.Input<string>;
  /**
   * Build that the tag must point at when it is moved, such as the one that was reviewed: if someone else has moved the tag since, the update fails and moves nothing. Changing it alone does nothing.
   *
   * @default whatever is there
   */
  expectedBuildId?: pulumi.Input<string>;
  /**
   * Take over a tag of this name that exists already, whoever created it, and change it to what the program says. From then on it belongs to this resource, and is deleted with it. Only used when the resource is created.
   *
   * @default false
   */
  adopt?: pulumi.Input<boolean>;
  /** `namespace/name:tag`, to start machines and pools from. */
  ref?: pulumi.Input<string>;
  /** What the build produced, `tmpl_…`. */
  templateId?: pulumi.Input<string>;
  /** Build that the tag pointed at before its last move, for a roll-back. */
  previousBuildId?: pulumi.Input<string>;
  /** The service that the resource belongs to. If the provider is configured for another one, previews say so, and nothing is changed or dropped from the state. */
  service?: pulumi.Input<ServiceRecordArgs>;
}
/** What a {@link TemplateTag} has. */
export interface TemplateTagOutputs {
  /** Template that the tag belongs to: `name` or `namespace/name`. If it changes, the tag is created on the new template before it is removed from the old one. */
  readonly template: pulumi.Output<string>;
  /** The tag. */
  readonly tag: pulumi.Output<string>;
  /** Build that the tag points at, `tb_…`; a StackReference gives it from another stack. Changing it moves the tag in one step, so that it is never missing. */
  readonly buildId: pulumi.Output<string>;
  /**
   * Build that the tag must point at when it is moved, such as the one that was reviewed: if someone else has moved the tag since, the update fails and moves nothing. Changing it alone does nothing.
   *
   * @default whatever is there
   */
  readonly expectedBuildId: pulumi.Output<string | undefined>;
  /**
   * Take over a tag of this name that exists already, whoever created it, and change it to what the program says. From then on it belongs to this resource, and is deleted with it. Only used when the resource is created.
   *
   * @default false
   */
  readonly adopt: pulumi.Output<boolean>;
  /** `namespace/name:tag`, to start machines and pools from. */
  readonly ref: pulumi.Output<string>;
  /** What the build produced, `tmpl_…`. */
  readonly templateId: pulumi.Output<string>;
  /** Build that the tag pointed at before its last move, for a roll-back. */
  readonly previousBuildId: pulumi.Output<string | undefined>;
  /** The service that the resource belongs to. If the provider is configured for another one, previews say so, and nothing is changed or dropped from the state. */
  readonly service: pulumi.Output<ServiceRecord | undefined>;
}
/** Names of the properties of a {@link TemplateTag}. @internal */
export const TEMPLATE_TAG_PROPERTIES: ResourceProperties = {
  inputs: ["template", "tag", "buildId", "expectedBuildId", "adopt"],
  outputs: ["ref", "templateId", "previousBuildId", "service"],
  secrets: [],
};
