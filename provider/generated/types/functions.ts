// Made by `npm run generate` from the schemas in provider/core: change those, not this.
import type * as pulumi from "@pulumi/pulumi";
/** What {@link getBuild} is asked. */
export interface GetBuildArgs {
  /** The build, `tb_…`. */
  buildId: string;
}
/** The same, of outputs of resources as well. */
export interface GetBuildOutputArgs {
  /** The build, `tb_…`. */
  buildId: pulumi.Input<string>;
}
/** What {@link getBuild} gives. */
export interface GetBuildResult {
  /** `namespace/name` of its template. */
  readonly canonicalRef: string;
  /** What it produced, `tmpl_…`. */
  readonly templateId: string;
  /** `waiting`, `building`, `ready`, `error` or `cancelled`. */
  readonly status: string;
  /** Whether a tag can be moved to it. */
  readonly promotable: boolean;
  /** When it was requested, RFC 3339. */
  readonly createdAt: string;
  /** When it ended, RFC 3339. */
  readonly finishedAt?: string;
  /** Why it failed. */
  readonly error?: string;
  /** `dockerfile`, `declarative`, `template_base` or `oci_import`. */
  readonly sourceType: string;
}
/** What {@link getTemplate} is asked. */
export interface GetTemplateArgs {
  /** `name` or `namespace/name`, optionally with a tag or a build after a colon, or `tmpl_…`. */
  template: string;
}
/** The same, of outputs of resources as well. */
export interface GetTemplateOutputArgs {
  /** `name` or `namespace/name`, optionally with a tag or a build after a colon, or `tmpl_…`. */
  template: pulumi.Input<string>;
}
/** What {@link getTemplate} gives. */
export interface GetTemplateResult {
  /** `namespace/name`. */
  readonly canonicalRef: string;
  /** Its namespace; empty if the service reports none. */
  readonly namespace: string;
  /** Its name. */
  readonly name: string;
  /** `private` or `public`. */
  readonly visibility: string;
  /** Whether it comes with the service. */
  readonly builtin: boolean;
  /** What the reference resolves to, `tmpl_…`. */
  readonly templateId: string;
  /** The build that made it, `tb_…`; absent for a builtin. */
  readonly buildId?: string;
  /** Its tags, and the build that each points at. */
  readonly tags: { [key: string]: string };
  /** Its other names, `namespace/alias`. */
  readonly aliases: Array<string>;
}
/** A template in a list. */
export interface TemplateSummary {
  /** `namespace/name`. */
  canonicalRef: string;
  /** Its namespace; empty if the service reports none. */
  namespace: string;
  /** Its name. */
  name: string;
  /** `private` or `public`. */
  visibility: string;
  /** Whether it comes with the service. */
  builtin: boolean;
  /** Its tags. */
  tags: Array<string>;
}
/** What {@link getTemplates} is asked. */
export interface GetTemplatesArgs {
  /**
   * Only those of this namespace.
   *
   * @default all
   */
  namespace?: string;
  /**
   * Only those that have this tag.
   *
   * @default all
   */
  tag?: string;
}
/** The same, of outputs of resources as well. */
export interface GetTemplatesOutputArgs {
  /**
   * Only those of this namespace.
   *
   * @default all
   */
  namespace?: pulumi.Input<string>;
  /**
   * Only those that have this tag.
   *
   * @default all
   */
  tag?: pulumi.Input<string>;
}
/** What {@link getTemplates} gives. */
export interface GetTemplatesResult {
  /** In the order of `canonicalRef`. */
  readonly templates: Array<TemplateSummary>;
}
/** What {@link getWarmPool} is asked. */
export interface GetWarmPoolArgs {
  /** The pool, `twp_…`. Give this or `name`. */
  poolId?: string;
  /** Its name among your live pools. */
  name?: string;
}
/** The same, of outputs of resources as well. */
export interface GetWarmPoolOutputArgs {
  /** The pool, `twp_…`. Give this or `name`. */
  poolId?: pulumi.Input<string>;
  /** Its name among your live pools. */
  name?: pulumi.Input<string>;
}
/** What {@link getWarmPool} gives. */
export interface GetWarmPoolResult {
  /** Id of the pool, `twp_…`. */
  readonly poolId: string;
  /** Its name. */
  readonly name: string;
  /** Template of its machines, as the pool follows it. */
  readonly template: string;
  /** `enabled`, `disabled` or `draining`. */
  readonly state: string;
  /** Machines to keep ready. */
  readonly minReady: number;
  /** Most machines that may be ready or warming at a time. */
  readonly maxReady: number;
  /** Build that its machines are started from, `tb_…`. */
  readonly resolvedBuildId?: string;
  /** Machines that are ready. */
  readonly ready: number;
  /** Machines that are being started. */
  readonly warming: number;
  /** Machines that are in use. */
  readonly claimed: number;
  /** Why it is not full, if something is wrong. */
  readonly degraded?: string;
  /** Its labels. */
  readonly labels: { [key: string]: string };
  /** The data stored with it. */
  readonly metadata: { [key: string]: unknown };
}
