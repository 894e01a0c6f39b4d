// Made by `npm run generate` from the schemas in provider/core: change those, not this.
import type * as pulumi from "@pulumi/pulumi";
import type { ResourceProperties } from "./resource-properties.ts";
/** Inputs of a {@link TemplateTag}. */
export interface TemplateTagArgs {
  /** Template that the tag belongs to: `name` or `namespace/name`. */
  template: pulumi.Input<string>;
  /** The tag. */
  tag: pulumi.Input<string>;
  /** Build that the tag points at, `tb_…`; from another stack it comes through a StackReference. Changing it moves the tag in one step: nobody ever sees it missing. */
  buildId: pulumi.Input<string>;
}
/** What may be given to look up a {@link TemplateTag} by its ID. */
export interface TemplateTagState {
  /** Template that the tag belongs to: `name` or `namespace/name`. */
  template?: pulumi.Input<string>;
  /** The tag. */
  tag?: pulumi.Input<string>;
  /** Build that the tag points at, `tb_…`; from another stack it comes through a StackReference. Changing it moves the tag in one step: nobody ever sees it missing. */
  buildId?: pulumi.Input<string>;
  /** `namespace/name:tag`, to start machines and pools from. */
  ref?: pulumi.Input<string>;
  /** What the build made, `tmpl_…`. */
  templateId?: pulumi.Input<string>;
  /** Build that the tag pointed at before its last move, for a way back. */
  previousBuildId?: pulumi.Input<string>;
}
/** What a {@link TemplateTag} has. */
export interface TemplateTagOutputs {
  /** Template that the tag belongs to: `name` or `namespace/name`. */
  readonly template: pulumi.Output<string>;
  /** The tag. */
  readonly tag: pulumi.Output<string>;
  /** Build that the tag points at, `tb_…`; from another stack it comes through a StackReference. Changing it moves the tag in one step: nobody ever sees it missing. */
  readonly buildId: pulumi.Output<string>;
  /** `namespace/name:tag`, to start machines and pools from. */
  readonly ref: pulumi.Output<string>;
  /** What the build made, `tmpl_…`. */
  readonly templateId: pulumi.Output<string>;
  /** Build that the tag pointed at before its last move, for a way back. */
  readonly previousBuildId: pulumi.Output<string | undefined>;
}
/** Names of the properties of a {@link TemplateTag}. */
export const TEMPLATE_TAG_PROPERTIES: ResourceProperties = {
  inputs: ["template", "tag", "buildId"],
  outputs: ["ref", "templateId", "previousBuildId"],
  secrets: [],
};
