import type { Mark } from "../../core/ownership/mark.ts";
import type { Properties } from "../../core/properties.ts";

/** What was found at a service, in the order of its names. */
export interface Found {
  templates: readonly FoundTemplate[];
  pools: readonly FoundPool[];
  /** The API key's own namespace; absent where nothing told it. */
  namespace?: string;
}

/** A template, with the inputs that an import gives it. */
export interface FoundTemplate {
  /** `namespace/name`. */
  ref: string;
  inputs: Properties;
  /** Names of the environment variables of its machines; absent where the service does not tell. */
  envKeys?: readonly string[];
  /** The build that the template stands for; absent when none has succeeded. */
  liveBuild?: string;
  /** How that build was asked for: `dockerfile`, `declarative`, `template_base` or `oci_import`. */
  sourceType?: string;
  tags: readonly FoundTag[];
  aliases: readonly FoundAlias[];
  /** Whose it is, where a Pulumi resource has made it. */
  owner?: Mark;
}

/** A tag of a template. */
export interface FoundTag {
  tag: string;
  buildId: string;
  owner?: Mark;
}

/** Another name of a template. */
export interface FoundAlias {
  /** `namespace/alias`. */
  aliasRef: string;
  alias: string;
  owner?: Mark;
}

/** A warm pool, with the inputs that an import gives it. */
export interface FoundPool {
  id: string;
  name: string;
  inputs: Properties;
  owner?: Mark;
}
